import { html } from "hono/html";
import { createSessionCookies } from "../../http/session-cookies.ts";
import { readEmail } from "../../values/email.ts";
import { button, type FormPage, field } from "../kit/form.ts";
import { redirect } from "../kit/redirects.ts";
import { type FormValues, isSameAccount, readFormOrigin, type Visit } from "../kit/visit.ts";
import { accountForm, confirmPassword, currentPasswordField, showToUser } from "./form.ts";

export const changeEmail: FormPage = {
  isAccountPage: true,
  show(visit, { values, problem }) {
    const { texts, notice } = visit;
    const isTaken = problem?.code === "email_taken";
    const shownProblem = isTaken ? { ...problem, message: texts.account.emailTaken } : problem;
    return showToUser(visit, (user) => {
      const isTyped = notice?.code === "typed" || notice?.code === "move";
      const typed = isTyped && isSameAccount(visit, notice.account, user.id) ? notice.email : undefined;
      const state = { values: { email: typed, ...values }, problem: shownProblem };
      return {
        title: texts.account.changeEmail,
        problem: shownProblem,
        body: html`<p>${texts.account.emailText}</p>
<p class="who"><bdi>${user.email}</bdi></p>
${accountForm(visit, user, {
  action: "/account/email",
  hasFormId: true,
  body: html`${field(visit, state, { name: "email", label: texts.fields.newEmail, autocomplete: "email" })}${currentPasswordField(visit, state)}${button(texts.account.changeEmail)}`,
})}`,
      };
    });
  },
  async submit(visit, values) {
    await confirmPassword(visit, values);
    const email = await visit.service.auth.account.changeEmail(visit.sessionId, values.email ?? "", visit.caller);
    return redirectToMailbox(visit, values, email);
  },
  async repeatResponse(visit, values) {
    const { c, service, cookies } = visit;
    const sessionId = await service.auth.sessions.getCurrentId(visit.sessionId);
    if (sessionId !== null) cookies.push(...createSessionCookies(c, service, sessionId));
    return redirectToMailbox(visit, values, readEmail(values.email ?? "") ?? undefined);
  },
};

function redirectToMailbox(visit: Visit, values: FormValues, email: string | undefined): Response {
  return redirect(visit, visit.urlFor("/mailbox"), {
    code: "move",
    email,
    account: readFormOrigin(visit, values).account,
  });
}
