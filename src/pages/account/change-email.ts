import { html } from "hono/html";
import { setSession } from "../../http/session-cookies.ts";
import { readEmail } from "../../values/email.ts";
import { button, field, type Page } from "../kit/form.ts";
import { goTo } from "../kit/redirects.ts";
import { isFor, originOf, type Values, type Visit } from "../kit/visit.ts";
import { accountForm, confirm, currentPassword, forPerson } from "./form.ts";

export const changeEmail: Page = {
  isAccounts: true,
  fields: { email: true, password: false },
  show(visit, { values, problem }) {
    const { words, notice } = visit;
    const isTaken = problem?.code === "email_taken";
    const told = isTaken ? { ...problem, message: words.account.emailTaken } : problem;
    return forPerson(visit, (person) => {
      const isTyped = notice?.code === "typed" || notice?.code === "move";
      const typed = isTyped && isFor(visit, notice.account, person.id) ? notice.email : undefined;
      const filled = { values: { email: typed, ...values }, problem: told };
      return {
        title: words.account.changeEmail,
        problem: told,
        body: html`<p>${words.account.emailText}</p>
<p class="who"><bdi>${person.email}</bdi></p>
${accountForm(visit, person, {
  action: "/account/email",
  isOnce: true,
  body: html`${field(visit, filled, { name: "email", label: words.fields.newEmail, autocomplete: "email" })}${currentPassword(visit, filled)}${button(words.account.changeEmail)}`,
})}`,
      };
    });
  },
  async submit(visit, values) {
    await confirm(visit, values);
    const email = await visit.service.auth.account.changeEmail(visit.sessionId, values.email ?? "", visit.caller);
    return moveAsked(visit, values, email);
  },
  async again(visit, values) {
    const { c, service, cookies } = visit;
    const sessionId = await service.auth.sessions.getCurrentId(visit.sessionId);
    if (sessionId !== null) cookies.push(...setSession(c, service, sessionId));
    return moveAsked(visit, values, readEmail(values.email ?? "") ?? undefined);
  },
};

function moveAsked(visit: Visit, values: Values, email: string | undefined): Response {
  return goTo(visit, visit.to("/mailbox"), { code: "move", email, account: originOf(visit, values).account });
}
