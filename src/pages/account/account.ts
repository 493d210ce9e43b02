import { html } from "hono/html";
import type { PublicUser } from "../../user.ts";
import { button, form, hiddenField, type Page } from "../kit/form.ts";
import type { Html, View } from "../kit/layout.ts";
import type { Visit } from "../kit/visit.ts";
import { deviceList } from "./device-list.ts";
import { showToUser } from "./form.ts";

export const account: Page = { show: showAccount };

function showAccount(visit: Visit): Promise<View | Response> {
  return showToUser(visit, async (user) => {
    const { texts, urlFor } = visit;
    const accountTexts = texts.account;
    const link = (path: string, text: string) => html`<a class="button plain low" href="${urlFor(path)}">${text}</a>`;
    return {
      title: accountTexts.title,
      isWide: true,
      headerLink: link("/logout", accountTexts.logOut),
      body: html`${profileCard(visit, user)}<section class="card" aria-labelledby="password">
<div class="row tall"><div><h2 id="password">${accountTexts.password}</h2>
<p class="soft">${accountTexts.passwordText}</p></div>
${link("/account/password", accountTexts.changePassword)}</div>
</section>
${await deviceList(visit, user)}<section class="card" aria-labelledby="data">
<h2 id="data">${accountTexts.data}</h2>
<ul class="list">
<li class="row tall"><div><h3>${accountTexts.exportTitle}</h3>
<p class="soft">${accountTexts.exportText}</p></div>
${link("/account/export", accountTexts.export)}</li>
<li class="row tall"><div><h3>${accountTexts.deleteTitle}</h3>
<p class="soft">${accountTexts.deleteText}</p></div>
<a class="button bad low" href="${urlFor("/account/delete")}">${accountTexts.openDelete}</a></li>
</ul>
</section>
`,
    };
  });
}

function profileCard(visit: Visit, user: PublicUser): Html {
  const { email, emailVerifiedAt, createdAt } = user;
  const { texts, urlFor, language } = visit;
  const accountTexts = texts.account;
  const isConfirmed = emailVerifiedAt !== null;
  const state = isConfirmed
    ? html`<span class="badge good">${accountTexts.confirmed}</span>`
    : html`<span class="badge soft">${accountTexts.unconfirmed}</span>`;
  return html`<section class="card" aria-labelledby="profile">
<h2 id="profile">${accountTexts.profile}</h2>
<div class="row tall"><dl>
<dt>${accountTexts.email}</dt>
<dd><bdi>${email}</bdi> ${state}</dd>
</dl>
<a class="button plain low" href="${urlFor("/account/email")}">${accountTexts.changeEmail}</a></div>
${!isConfirmed && form(visit, { action: "/verify", user, hasFormId: true, body: html`${hiddenField("email", email)}<div>${button(accountTexts.sendConfirmation, "plain low")}</div>` })}<p class="soft small">${accountTexts.memberSince} ${formatDate(new Date(createdAt), language)}</p>
</section>
`;
}

function formatDate(time: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(time);
}
