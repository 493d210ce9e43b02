import { html } from "hono/html";
import { emailKey } from "../values/email.ts";
import { account, button, form, hidden, newPassword, type Page } from "./kit/form.ts";
import { type Html, plain } from "./kit/layout.ts";
import { goTo } from "./kit/redirects.ts";
import { home } from "./kit/return-to.ts";
import { keepDevice, loggedIn, type Visit } from "./kit/visit.ts";

/** The mailed link leads here. Seeing the page takes nothing: programs that look into mails open links too. */
export const reset: Page = {
  fields: { token: false, new_password: true },
  async show(visit, filled) {
    const { words, service, caller, token = "", to, onward: return_to } = visit;
    const email = await service.auth.resetPassword.findEmail(token);
    if (email === null) {
      const before = await service.auth.acts.findRecent(caller);
      if (before) return saved(visit, before);
      return {
        title: words.deadLink.title,
        code: "bad_reset_token",
        secret: true,
        body: html`<p>${words.deadLink.text}</p>
<a class="button" href="${to("/forgot", { return_to })}">${words.deadLink.submit}</a>
`,
      };
    }
    return {
      title: words.reset.title,
      secret: true,
      body: html`${await other(visit, email)}<p>${words.reset.text}</p>
${form(visit, {
  action: "/reset",
  goesOn: true,
  body: html`${account(email)}${hidden("token", token)}${newPassword(visit, filled, words.fields.newPassword)}${button(words.reset.submit)}`,
})}`,
    };
  },
  async submit(visit, { token = "", new_password: password = "" }) {
    const { service, caller } = visit;
    return saved(visit, await service.auth.updatePassword(token, password, undefined, caller));
  },
  again: async (visit, _, before) => saved(visit, before),
};

/** Says who is logged in here, if that is another than the account of the link. */
async function other(visit: Visit, email: string): Promise<Html | null> {
  const user = await loggedIn(visit);
  if (!user || emailKey(user.email) === emailKey(email)) return null;
  return plain(visit.words.reset.otherAccount(user.email));
}

async function saved(visit: Visit, { email }: { readonly email: string | null }): Promise<Response> {
  const { to, onward: return_to } = visit;
  keepDevice(visit);
  const user = await loggedIn(visit);
  if (user && email !== null && emailKey(user.email) === emailKey(email))
    return goTo(visit, to(home), { code: "password_changed" });
  return goTo(visit, to("/login", { return_to }), { code: "password_reset", email: email ?? undefined });
}
