import { html } from "hono/html";
import { emailKey } from "../values/email.ts";
import { button, emailField, type FormPage, field, form, hiddenField } from "./kit/form.ts";
import { errorMessage, type Html, infoMessage, resetLink } from "./kit/layout.ts";
import { logInAndRedirect } from "./kit/log-in-and-redirect.ts";
import type { Notice } from "./kit/notice.ts";
import type { Problem } from "./kit/problem.ts";
import { redirectAfterLogin } from "./kit/redirects.ts";
import { home } from "./kit/return-to.ts";
import { type FormValues, findLoggedInUser, type Visit } from "./kit/visit.ts";

export const logIn: FormPage = {
  async show(visit, { values, problem }) {
    const { texts, notice, returnTo: return_to, urlFor } = visit;
    const user = await findLoggedInUser(visit);
    // A logged-in user sees the form only after a failed login, or if the notice is about another account.
    if (user && !problem && !isForAnotherAccount(notice, user.email)) return redirectAfterLogin(visit);
    // If the session ended on another page, an address typed there is returned to that page and does not fill in this form.
    const [email, typed, by] =
      notice?.code === "session_ended"
        ? [undefined, notice.email, notice.account]
        : [notice?.email, values.typed, values.typed_by];
    const state = { values: { email, ...values }, problem };
    return {
      title: texts.logIn.title,
      message: problem && failureMessage(visit, problem, values),
      body: html`${user && infoMessage(texts.logIn.switchAccount(user.email))}${form(visit, {
        action: "/login",
        hasReturnTo: true,
        body: html`${typed !== undefined && hiddenField("typed", typed)}${by !== undefined && hiddenField("typed_by", by)}${emailField(visit, state)}${field(visit, state, { name: "password", label: texts.fields.password, autocomplete: "current-password" })}${button(texts.logIn.submit)}`,
      })}<div class="sides">
<a class="link" href="${urlFor("/forgot", { return_to })}">${texts.logIn.forgot}</a>
${user && html`<a class="link" href="${urlFor(home)}">${texts.account.back}</a>\n`}<span>${texts.logIn.noAccount} <a class="link" href="${urlFor("/register", { return_to })}">${texts.logIn.register}</a></span>
</div>
`,
    };
  },
  async submit(visit, { email = "", password = "", typed, typed_by: account }) {
    return logInAndRedirect(
      visit,
      { email, password },
      typed === undefined ? undefined : { code: "typed", email: typed, account },
    );
  },
};

/** Returns true if the notice asks for a login with an address other than `email`. */
function isForAnotherAccount(notice: Notice | null, email: string): boolean {
  const codes: readonly Notice["code"][] = ["registered", "password_reset", "email_verified"];
  return notice?.email !== undefined && codes.includes(notice.code) && emailKey(notice.email) !== emailKey(email);
}

/** Returns the error message of a failed login with links to the next steps. Returns undefined for other errors. */
function failureMessage(visit: Visit, { code, message, field }: Problem, values: FormValues): Html | undefined {
  if (code === "email_not_verified") return errorMessage(message, field, resendForm(visit, values));
  if (code === "wrong_login")
    return errorMessage(message, field, html`${resetLink(visit)}${verificationHint(visit, values)}`);
  return code === "too_many_tries" ? errorMessage(message, field, resetLink(visit)) : undefined;
}

/**
 * Returns a hint about verifying the email address. A wrong login and a login to a pending registration must look the same, so
 * every wrong login shows the hint.
 */
function verificationHint(visit: Visit, values: FormValues): Html | false {
  const { texts, service } = visit;
  if (service.settings.REQUIRE_VERIFIED_EMAIL === "off") return false;
  return html`<p>${texts.logIn.confirmFirst}</p>
${resendForm(visit, values)}`;
}

/** Returns a form that sends the verification email again. */
function resendForm(visit: Visit, { email = "" }: FormValues): Html {
  const body = html`${hiddenField("email", email)}${hiddenField("again", "1")}${button(visit.texts.verify.resend, "plain low")}`;
  return form(visit, { action: "/verify", hasFormId: true, hasReturnTo: true, body });
}
