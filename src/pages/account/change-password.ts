import { html } from "hono/html";
import { setSession } from "../../http/session-cookies.ts";
import { account, button, newPassword, type Page } from "../kit/form.ts";
import { goTo } from "../kit/redirects.ts";
import { home } from "../kit/return-to.ts";
import type { Visit } from "../kit/visit.ts";
import { accountForm, currentPassword, forPerson } from "./form.ts";

export const changePassword: Page = {
  isAccounts: true,
  fields: { password: true, new_password: true },
  show(visit, filled) {
    const { words } = visit;
    return forPerson(visit, (person) => ({
      title: words.account.changePassword,
      body: html`<p>${words.account.passwordText}</p>
${accountForm(visit, person, {
  action: "/account/password",
  isOnce: true,
  body: html`${account(person.email)}${currentPassword(visit, filled)}${newPassword(visit, filled, words.fields.newPassword)}${button(words.account.changePassword)}`,
})}`,
    }));
  },
  async submit(visit, { password: current = "", new_password: chosen = "" }) {
    const { service, sessionId, caller } = visit;
    const { session } = await service.auth.account.changePassword(sessionId, { current, chosen }, caller);
    return passwordChanged(visit, session.sessionId);
  },
  async again(visit, _, { email }) {
    const { service, to } = visit;
    const sessionId = await service.auth.sessions.getCurrentId(visit.sessionId);
    if (sessionId !== null) return passwordChanged(visit, sessionId);
    // The response with the new id was lost.
    return goTo(visit, to("/login"), { code: "password_reset", email: email ?? undefined });
  },
};

function passwordChanged(visit: Visit, sessionId: string): Response {
  const { c, service, cookies, to, onward } = visit;
  cookies.push(...setSession(c, service, sessionId));
  return onward === undefined ? goTo(visit, to(home), { code: "password_changed" }) : goTo(visit, onward);
}
