import { html } from "hono/html";
import type { PublicUser } from "../../user.ts";
import { button, form, hidden, type Page } from "../kit/form.ts";
import type { Html, View } from "../kit/layout.ts";
import type { Visit } from "../kit/visit.ts";
import { deviceList } from "./device-list.ts";
import { forPerson } from "./form.ts";

export const account: Page = { isAccounts: true, show: overview };

function overview(visit: Visit): Promise<View | Response> {
  return forPerson(visit, async (person) => {
    const { words, to } = visit;
    const part = words.account;
    const link = (path: string, text: string) => html`<a class="button plain low" href="${to(path)}">${text}</a>`;
    return {
      title: part.title,
      wide: true,
      aside: link("/logout", part.logOut),
      body: html`${profile(visit, person)}<section class="card" aria-labelledby="password">
<div class="row tall"><div><h2 id="password">${part.password}</h2>
<p class="soft">${part.passwordText}</p></div>
${link("/account/password", part.changePassword)}</div>
</section>
${await deviceList(visit, person)}<section class="card" aria-labelledby="data">
<h2 id="data">${part.data}</h2>
<ul class="list">
<li class="row tall"><div><h3>${part.exportTitle}</h3>
<p class="soft">${part.exportText}</p></div>
${link("/account/export", part.export)}</li>
<li class="row tall"><div><h3>${part.deleteTitle}</h3>
<p class="soft">${part.deleteText}</p></div>
<a class="button bad low" href="${to("/account/delete")}">${part.openDelete}</a></li>
</ul>
</section>
`,
    };
  });
}

function profile(visit: Visit, person: PublicUser): Html {
  const { email, emailVerifiedAt, createdAt } = person;
  const { words, to, language } = visit;
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
<a class="button plain low" href="${to("/account/email")}">${part.changeEmail}</a></div>
${!isConfirmed && form(visit, { action: "/verify", of: person, isOnce: true, body: html`${hidden("email", email)}<div>${button(part.sendConfirmation, "plain low")}</div>` })}<p class="soft small">${part.memberSince} ${date(new Date(createdAt), language)}</p>
</section>
`;
}

function date(time: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(time);
}
