import { html } from "hono/html";
import { emailKey } from "../values/email.ts";
import { button, type FormPage, form, hiddenField, newPasswordField, usernameField } from "./kit/form.ts";
import { type Html, infoMessage } from "./kit/layout.ts";
import { redirect } from "./kit/redirects.ts";
import { home } from "./kit/return-to.ts";
import { findLoggedInUser, setDeviceCookie, type Visit } from "./kit/visit.ts";

/** The page of the emailed link. GET does not consume the token, because email scanners also open links. */
export const resetPassword: FormPage = {
  async show(visit, state) {
    const { texts, service, caller, token = "", urlFor, returnTo: return_to } = visit;
    const email = await service.auth.resetPassword.findEmail(token);
    if (email === null) {
      const result = await service.auth.idempotency.findResult(caller);
      if (result) return redirectAfterReset(visit, result);
      return {
        title: texts.deadLink.title,
        code: "bad_reset_token",
        hasSecretUrl: true,
        body: html`<p>${texts.deadLink.text}</p>
<a class="button" href="${urlFor("/forgot", { return_to })}">${texts.deadLink.submit}</a>
`,
      };
    }
    return {
      title: texts.reset.title,
      hasSecretUrl: true,
      body: html`${await otherUserMessage(visit, email)}<p>${texts.reset.text}</p>
${form(visit, {
  action: "/reset",
  hasReturnTo: true,
  body: html`${usernameField(email)}${hiddenField("token", token)}${newPasswordField(visit, state, texts.fields.newPassword)}${button(texts.reset.submit)}`,
})}`,
    };
  },
  async submit(visit, { token = "", new_password: password = "" }) {
    const { service, caller } = visit;
    return redirectAfterReset(visit, await service.auth.updatePassword(token, password, undefined, caller));
  },
  repeatResponse: async (visit, _, result) => redirectAfterReset(visit, result),
};

/** Returns a message that names the logged-in account if the link is for another account. */
async function otherUserMessage(visit: Visit, email: string): Promise<Html | null> {
  const user = await findLoggedInUser(visit);
  if (!user || emailKey(user.email) === emailKey(email)) return null;
  return infoMessage(visit.texts.reset.otherAccount(user.email));
}

async function redirectAfterReset(visit: Visit, { email }: { readonly email: string | null }): Promise<Response> {
  const { urlFor, returnTo: return_to } = visit;
  setDeviceCookie(visit);
  const user = await findLoggedInUser(visit);
  if (user && email !== null && emailKey(user.email) === emailKey(email))
    return redirect(visit, urlFor(home), { code: "password_changed" });
  return redirect(visit, urlFor("/login", { return_to }), { code: "password_reset", email: email ?? undefined });
}
