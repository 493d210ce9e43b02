import { html } from "hono/html";
import { statuses } from "../app/refusals.ts";
import { AuthError } from "../errors.ts";
import { account, button, type Filled, field, form, hidden, type Page } from "./form.ts";
import type { View } from "./layout.ts";
import { enter } from "./log-in.ts";
import { unsent } from "./mailbox.ts";
import { home } from "./return-to.ts";
import { goTo, keepOnward, type Visit } from "./visit.ts";

/**
 * The mailed link leads here: with the password it confirms the address, and logs in. Without a link it has one sent.
 * Seeing the page takes nothing: programs that look into mails open links too.
 */
export const verify: Page = {
  fields: { token: false, email: false, password: false },
  async show(visit, filled) {
    const { words, service, token } = visit;
    const { problem } = filled;
    const email = token === undefined ? null : await service.auth.addressToVerify(token);
    if (token === undefined || email === null) return another(visit, filled);
    // The token is good, so it was the password.
    const isWrong = problem?.code === "bad_verify_token";
    const told = isWrong ? { ...problem, field: "password", message: words.verify.wrongPassword } : problem;
    return {
      title: words.verify.title,
      secret: true,
      problem: told,
      body: html`<p>${words.verify.text}</p>
${form(visit, {
  action: "/verify",
  goesOn: true,
  body: html`${account(email)}${hidden("token", token)}${field(
    visit,
    { ...filled, problem: told },
    { name: "password", label: words.fields.chosenPassword, autocomplete: "current-password" },
  )}${button(words.verify.submit)}`,
})}`,
    };
  },
  async submit(visit, { token, email: given = "", password = "" }) {
    const { service, caller, sessionId, to, onward: return_to } = visit;
    const { auth } = service;
    if (token === undefined) {
      const email = await auth.requestVerification(given, caller);
      keepOnward(visit, service.settings.VERIFY_TOKEN_LIFETIME);
      return goTo(visit, to("/mailbox"), { code: "confirm", email });
    }
    const { id, email } = await auth.verifyEmail({ token, password }, caller);
    if ((await auth.getUserFromSessionId(sessionId))?.id === id)
      return goTo(visit, to(home), { code: "email_changed" });
    try {
      return await enter(visit, { email, password });
    } catch (error) {
      // The address is confirmed all the same.
      if (error instanceof AuthError)
        return goTo(visit, to("/login", { return_to }), { code: "email_verified", email });
      throw error;
    }
  },
};

function another(visit: Visit, filled: Filled): View {
  const { words, token, to, onward: return_to } = visit;
  const isDead = token !== undefined;
  const { title, text, submit } = isDead
    ? words.deadLink
    : { title: words.verify.title, text: words.verify.again, submit: words.verify.sendAgain };
  return {
    title,
    status: isDead ? statuses.bad_verify_token : undefined,
    secret: isDead,
    body: html`<p>${text}</p>
${form(visit, {
  action: "/verify",
  goesOn: true,
  body: html`${field(visit, filled, { name: "email", label: words.fields.email, autocomplete: "username" })}${button(submit)}`,
})}${unsent(visit)}<p class="middle"><a class="link" href="${to("/login", { return_to })}">${words.forgot.back}</a></p>
`,
  };
}
