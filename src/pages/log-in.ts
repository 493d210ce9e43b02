import { html } from "hono/html";
import { emailKey } from "../values/email.ts";
import { button, emailField, field, form, hiddenField, type Page } from "./kit/form.ts";
import { errorMessage, type Html, infoMessage, resetLink } from "./kit/layout.ts";
import { logInAndRedirect } from "./kit/log-in-and-redirect.ts";
import type { Notice } from "./kit/notice.ts";
import type { Problem } from "./kit/problem.ts";
import { redirectAfterLogin } from "./kit/redirects.ts";
import { home } from "./kit/return-to.ts";
import { type FormValues, findLoggedInUser, type Visit } from "./kit/visit.ts";

export const logIn: Page = {
  fields: { email: true, password: true, typed: false, typed_by: false },
  async show(visit, { values, problem }) {
    const { words, notice, returnTo: return_to, urlFor } = visit;
    const user = await findLoggedInUser(visit);
    // Not while a problem is told, nor after something was done for another account: this person wants to log in as somebody.
    if (user && !problem && !isForAnotherAccount(notice, user.email)) return redirectAfterLogin(visit);
    // An address typed before the session ended belongs to that page, not to the login.
    const [email, typed, by] =
      notice?.code === "session_ended"
        ? [undefined, notice.email, notice.account]
        : [notice?.email, values.typed, values.typed_by];
    const state = { values: { email, ...values }, problem };
    return {
      title: words.logIn.title,
      message: problem && failureMessage(visit, problem, values),
      body: html`${user && infoMessage(words.logIn.switchAccount(user.email))}${form(visit, {
        action: "/login",
        hasReturnTo: true,
        body: html`${typed !== undefined && hiddenField("typed", typed)}${by !== undefined && hiddenField("typed_by", by)}${emailField(visit, state)}${field(visit, state, { name: "password", label: words.fields.password, autocomplete: "current-password" })}${button(words.logIn.submit)}`,
      })}<div class="sides">
<a class="link" href="${urlFor("/forgot", { return_to })}">${words.logIn.forgot}</a>
${user && html`<a class="link" href="${urlFor(home)}">${words.account.back}</a>\n`}<span>${words.logIn.noAccount} <a class="link" href="${urlFor("/register", { return_to })}">${words.logIn.register}</a></span>
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

/** Whether the next login is to be that of another account than the one that is logged in here. */
function isForAnotherAccount(notice: Notice | null, email: string): boolean {
  const codes: readonly Notice["code"][] = ["registered", "password_reset", "email_verified"];
  return notice?.email !== undefined && codes.includes(notice.code) && emailKey(notice.email) !== emailKey(email);
}

/** What else can be done than to try again. */
function failureMessage(visit: Visit, { code, message, field }: Problem, values: FormValues): Html | undefined {
  if (code === "email_not_verified") return errorMessage(message, field, resendForm(visit, values));
  if (code === "wrong_login")
    return errorMessage(message, field, html`${resetLink(visit)}${verificationHint(visit, values)}`);
  return code === "too_many_tries" ? errorMessage(message, field, resetLink(visit)) : undefined;
}

/** A pending registration opens nothing, and must not be revealed: every wrong login says how to confirm an address. */
function verificationHint(visit: Visit, values: FormValues): Html | false {
  const { words, service } = visit;
  if (service.settings.REQUIRE_VERIFIED_EMAIL === "off") return false;
  return html`<p>${words.logIn.confirmFirst}</p>
${resendForm(visit, values)}`;
}

/** Has the mail that confirms the typed address sent again. */
function resendForm(visit: Visit, { email = "" }: FormValues): Html {
  const body = html`${hiddenField("email", email)}${hiddenField("again", "1")}${button(visit.words.verify.resend, "plain low")}`;
  return form(visit, { action: "/verify", hasFormId: true, hasReturnTo: true, body });
}
