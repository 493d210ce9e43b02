import { html } from "hono/html";
import type { PublicUser } from "../../user.ts";
import { button, form, hiddenField, type Page } from "../kit/form.ts";
import type { Html, View } from "../kit/layout.ts";
import type { Visit } from "../kit/visit.ts";
import { deviceList } from "./device-list.ts";
import { showToUser } from "./form.ts";

export const account: Page = { isAccountPage: true, show: showAccount };

function showAccount(visit: Visit): Promise<View | Response> {
  return showToUser(visit, async (user) => {
    const { words, urlFor } = visit;
    const part = words.account;
    const link = (path: string, text: string) => html`<a class="button plain low" href="${urlFor(path)}">${text}</a>`;
    return {
      title: part.title,
      isWide: true,
      headerLink: link("/logout", part.logOut),
      body: html`${profileCard(visit, user)}<section class="card" aria-labelledby="password">
<div class="row tall"><div><h2 id="password">${part.password}</h2>
<p class="soft">${part.passwordText}</p></div>
${link("/account/password", part.changePassword)}</div>
</section>
${await deviceList(visit, user)}<section class="card" aria-labelledby="data">
<h2 id="data">${part.data}</h2>
<ul class="list">
<li class="row tall"><div><h3>${part.exportTitle}</h3>
<p class="soft">${part.exportText}</p></div>
${link("/account/export", part.export)}</li>
<li class="row tall"><div><h3>${part.deleteTitle}</h3>
<p class="soft">${part.deleteText}</p></div>
<a class="button bad low" href="${urlFor("/account/delete")}">${part.openDelete}</a></li>
</ul>
</section>
`,
    };
  });
}

function profileCard(visit: Visit, user: PublicUser): Html {
  const { email, emailVerifiedAt, createdAt } = user;
  const { words, urlFor, language } = visit;
  const part = words.account;
  const isConfirmed = emailVerifiedAt !== null;
  const state = isConfirmed
    ? html`<span class="badge good">${part.confirmed}</span>`
    : html`<span class="badge soft">${part.unconfirmed}</span>`;
  return html`<section class="card" aria-labelledby="profile">
<h2 id="profile">${part.profile}</h2>
<div class="row tall"><dl>
<dt>${part.email}</dt>
<dd><bdi>${email}</bdi> ${state}</dd>
</dl>
<a class="button plain low" href="${urlFor("/account/email")}">${part.changeEmail}</a></div>
${!isConfirmed && form(visit, { action: "/verify", user, hasFormId: true, body: html`${hiddenField("email", email)}<div>${button(part.sendConfirmation, "plain low")}</div>` })}<p class="soft small">${part.memberSince} ${formatDate(new Date(createdAt), language)}</p>
</section>
`;
}

function formatDate(time: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(time);
}
