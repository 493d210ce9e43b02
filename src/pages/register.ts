import { html } from "hono/html";
import { readEmail } from "../values/email.ts";
import { button, emailField, type FormPage, form, newPasswordField } from "./kit/form.ts";
import { errorMessage, type Html, linkTo, resetLink } from "./kit/layout.ts";
import { redirect, redirectAfterLogin, storeReturnTo } from "./kit/redirects.ts";
import { findLoggedInUser, type Visit } from "./kit/visit.ts";

/** Does not log the visitor in, because the visitor has not proved ownership of the address. */
export const register: FormPage = {
  async show(visit, state) {
    const { texts, urlFor, returnTo: return_to } = visit;
    const { problem } = state;
    if (!problem && (await findLoggedInUser(visit))) return redirectAfterLogin(visit);
    return {
      title: texts.register.title,
      message: problem?.code === "email_taken" ? emailTakenMessage(visit, problem.message) : undefined,
      body: html`${form(visit, {
        action: "/register",
        hasFormId: true,
        hasReturnTo: true,
        body: html`${emailField(visit, state)}${newPasswordField(visit, state, texts.fields.password)}${button(texts.register.submit)}`,
      })}<p class="middle">${texts.register.haveAccount} <a class="link" href="${urlFor("/login", { return_to })}">${texts.register.logIn}</a></p>
`,
    };
  },
  async submit(visit, { email = "", new_password: password = "" }) {
    return redirectAfterRegistration(visit, await visit.service.auth.account.register(email, password, visit.caller));
  },
  repeatResponse: async (visit, { email = "" }) => redirectAfterRegistration(visit, readEmail(email) ?? email),
};

function redirectAfterRegistration(visit: Visit, email: string): Response {
  const { service, urlFor, returnTo: return_to } = visit;
  const { REQUIRE_VERIFIED_EMAIL, VERIFY_TOKEN_LIFETIME } = service.settings;
  if (REQUIRE_VERIFIED_EMAIL === "off")
    return redirect(visit, urlFor("/login", { return_to }), { code: "registered", email });
  storeReturnTo(visit, VERIFY_TOKEN_LIFETIME);
  return redirect(visit, urlFor("/mailbox"), { code: "confirm", email });
}

/** Returns the error message with links to the login and the password reset, because the form cannot resolve this error. */
function emailTakenMessage(visit: Visit, message: string): Html {
  const links = html`${linkTo(visit, "/login", visit.texts.register.logIn)}${resetLink(visit)}`;
  return errorMessage(message, undefined, links);
}
