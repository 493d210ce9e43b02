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
    const { words, urlFor } = visit;
    const texts = words.account;
    const link = (path: string, text: string) => html`<a class="button plain low" href="${urlFor(path)}">${text}</a>`;
    return {
      title: texts.title,
      isWide: true,
      headerLink: link("/logout", texts.logOut),
      body: html`${profileCard(visit, user)}<section class="card" aria-labelledby="password">
<div class="row tall"><div><h2 id="password">${texts.password}</h2>
<p class="soft">${texts.passwordText}</p></div>
${link("/account/password", texts.changePassword)}</div>
</section>
${await deviceList(visit, user)}<section class="card" aria-labelledby="data">
<h2 id="data">${texts.data}</h2>
<ul class="list">
<li class="row tall"><div><h3>${texts.exportTitle}</h3>
<p class="soft">${texts.exportText}</p></div>
${link("/account/export", texts.export)}</li>
<li class="row tall"><div><h3>${texts.deleteTitle}</h3>
<p class="soft">${texts.deleteText}</p></div>
<a class="button bad low" href="${urlFor("/account/delete")}">${texts.openDelete}</a></li>
</ul>
</section>
`,
    };
  });
}

function profileCard(visit: Visit, user: PublicUser): Html {
  const { email, emailVerifiedAt, createdAt } = user;
  const { words, urlFor, language } = visit;
  const texts = words.account;
  const isConfirmed = emailVerifiedAt !== null;
  const state = isConfirmed
    ? html`<span class="badge good">${texts.confirmed}</span>`
    : html`<span class="badge soft">${texts.unconfirmed}</span>`;
  return html`<section class="card" aria-labelledby="profile">
<h2 id="profile">${texts.profile}</h2>
<div class="row tall"><dl>
<dt>${texts.email}</dt>
<dd><bdi>${email}</bdi> ${state}</dd>
</dl>
<a class="button plain low" href="${urlFor("/account/email")}">${texts.changeEmail}</a></div>
${!isConfirmed && form(visit, { action: "/verify", user, hasFormId: true, body: html`${hiddenField("email", email)}<div>${button(texts.sendConfirmation, "plain low")}</div>` })}<p class="soft small">${texts.memberSince} ${formatDate(new Date(createdAt), language)}</p>
</section>
`;
}

function formatDate(time: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(time);
}
