import { html } from "hono/html";
import { readEmail } from "../values/email.ts";
import { button, emailField, form, newPassword, type Page } from "./kit/form.ts";
import { alert, type Html, resetLink, wayTo } from "./kit/layout.ts";
import { goOn, goTo, keepOnward } from "./kit/redirects.ts";
import { loggedIn, type Visit } from "./kit/visit.ts";

/** Never logs in: what it opens would be the account of whoever typed the address. */
export const register: Page = {
  fields: { email: true, new_password: true },
  async show(visit, filled) {
    const { words, to, onward: return_to } = visit;
    const { problem } = filled;
    if (!problem && (await loggedIn(visit))) return goOn(visit);
    return {
      title: words.register.title,
      told: problem?.code === "email_taken" ? known(visit, problem.message) : undefined,
      body: html`${form(visit, {
        action: "/register",
        isOnce: true,
        goesOn: true,
        body: html`${emailField(visit, filled)}${newPassword(visit, filled, words.fields.password)}${button(words.register.submit)}`,
      })}<p class="middle">${words.register.haveAccount} <a class="link" href="${to("/login", { return_to })}">${words.register.logIn}</a></p>
`,
    };
  },
  async submit(visit, { email: given = "", new_password: password = "" }) {
    return done(visit, await visit.service.auth.account.register(given, password, visit.caller));
  },
  again: async (visit, { email = "" }) => done(visit, readEmail(email) ?? email),
};

function done(visit: Visit, email: string): Response {
  const { service, to, onward: return_to } = visit;
  const { REQUIRE_VERIFIED_EMAIL, VERIFY_TOKEN_LIFETIME } = service.settings;
  if (REQUIRE_VERIFIED_EMAIL === "off") return goTo(visit, to("/login", { return_to }), { code: "registered", email });
  keepOnward(visit, VERIFY_TOKEN_LIFETIME);
  return goTo(visit, to("/mailbox"), { code: "confirm", email });
}

/** To whoever has an account: what can be done is not in the form. */
function known(visit: Visit, message: string): Html {
  const ways = html`${wayTo(visit, "/login", visit.words.register.logIn)}${resetLink(visit)}`;
  return alert(message, undefined, ways);
}
