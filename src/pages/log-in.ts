import { html } from "hono/html";
import { emailKey } from "../values/email.ts";
import { enter } from "./kit/enter.ts";
import { button, emailField, field, form, hidden, type Page } from "./kit/form.ts";
import { alert, type Html, plain, resetLink } from "./kit/layout.ts";
import type { Notice } from "./kit/notice.ts";
import type { Problem } from "./kit/problem.ts";
import { goOn } from "./kit/redirects.ts";
import { home } from "./kit/return-to.ts";
import { loggedIn, type Values, type Visit } from "./kit/visit.ts";

export const logIn: Page = {
  fields: { email: true, password: true, typed: false, typed_by: false },
  async show(visit, { values, problem }) {
    const { words, notice, onward: return_to, to } = visit;
    const user = await loggedIn(visit);
    // Not while a problem is told, nor after something was done for another account: this person wants to log in as somebody.
    if (user && !problem && !isForAnother(notice, user.email)) return goOn(visit);
    // An address typed before the session ended belongs to that page, not to the login.
    const [email, typed, by] =
      notice?.code === "session_ended"
        ? [undefined, notice.email, notice.account]
        : [notice?.email, values.typed, values.typed_by];
    const filled = { values: { email, ...values }, problem };
    return {
      title: words.logIn.title,
      told: problem && wayOut(visit, problem, values),
      body: html`${user && plain(words.logIn.switchAccount(user.email))}${form(visit, {
        action: "/login",
        goesOn: true,
        body: html`${typed !== undefined && hidden("typed", typed)}${by !== undefined && hidden("typed_by", by)}${emailField(visit, filled)}${field(visit, filled, { name: "password", label: words.fields.password, autocomplete: "current-password" })}${button(words.logIn.submit)}`,
      })}<div class="sides">
<a class="link" href="${to("/forgot", { return_to })}">${words.logIn.forgot}</a>
${user && html`<a class="link" href="${to(home)}">${words.account.back}</a>\n`}<span>${words.logIn.noAccount} <a class="link" href="${to("/register", { return_to })}">${words.logIn.register}</a></span>
</div>
`,
    };
  },
  async submit(visit, { email = "", password = "", typed, typed_by: account }) {
    return enter(
      visit,
      { email, password },
      typed === undefined ? undefined : { code: "typed", email: typed, account },
    );
  },
};

/** Whether the next login is to be that of another account than the one that is logged in here. */
function isForAnother(notice: Notice | null, email: string): boolean {
  const codes: readonly Notice["code"][] = ["registered", "password_reset", "email_verified"];
  return notice?.email !== undefined && codes.includes(notice.code) && emailKey(notice.email) !== emailKey(email);
}

/** What else can be done than to try again. */
function wayOut(visit: Visit, { code, message, field }: Problem, values: Values): Html | undefined {
  if (code === "email_not_verified") return alert(message, field, sendAgain(visit, values));
  if (code === "wrong_login") return alert(message, field, html`${resetLink(visit)}${confirmFirst(visit, values)}`);
  return code === "too_many_tries" ? alert(message, field, resetLink(visit)) : undefined;
}

/** A pending registration opens nothing, and must not be revealed: every wrong login says how to confirm an address. */
function confirmFirst(visit: Visit, values: Values): Html | false {
  const { words, service } = visit;
  if (service.settings.REQUIRE_VERIFIED_EMAIL === "off") return false;
  return html`<p>${words.logIn.confirmFirst}</p>
${sendAgain(visit, values)}`;
}

/** Has the mail that confirms the typed address sent again. */
function sendAgain(visit: Visit, { email = "" }: Values): Html {
  const body = html`${hidden("email", email)}${hidden("again", "1")}${button(visit.words.verify.resend, "plain low")}`;
  return form(visit, { action: "/verify", isOnce: true, goesOn: true, body });
}
