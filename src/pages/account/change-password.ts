import { html } from "hono/html";
import { createSessionCookies } from "../../http/session-cookies.ts";
import { button, type FormPage, newPasswordField, usernameField } from "../kit/form.ts";
import { redirect } from "../kit/redirects.ts";
import { home } from "../kit/return-to.ts";
import type { Visit } from "../kit/visit.ts";
import { accountForm, currentPasswordField, showToUser } from "./form.ts";

export const changePassword: FormPage = {
  isAccountPage: true,
  show(visit, state) {
    const { texts } = visit;
    return showToUser(visit, (user) => ({
      title: texts.account.changePassword,
      body: html`<p>${texts.account.passwordText}</p>
${accountForm(visit, user, {
  action: "/account/password",
  hasFormId: true,
  body: html`${usernameField(user.email)}${currentPasswordField(visit, state)}${newPasswordField(visit, state, texts.fields.newPassword)}${button(texts.account.changePassword)}`,
})}`,
    }));
  },
  async submit(visit, { password: currentPassword = "", new_password: newPassword = "" }) {
    const { service, sessionId, caller } = visit;
    const { session } = await service.auth.account.changePassword(sessionId, { currentPassword, newPassword }, caller);
    return redirectAfterChange(visit, session.sessionId);
  },
  async repeatResponse(visit, _, { email }) {
    const { service, urlFor } = visit;
    const sessionId = await service.auth.sessions.getCurrentId(visit.sessionId);
    if (sessionId !== null) return redirectAfterChange(visit, sessionId);
    // The browser did not receive the new session id, and its old id has expired.
    return redirect(visit, urlFor("/login"), { code: "password_reset", email: email ?? undefined });
  },
};

function redirectAfterChange(visit: Visit, sessionId: string): Response {
  const { c, service, cookies, urlFor, returnTo } = visit;
  cookies.push(...createSessionCookies(c, service, sessionId));
  return returnTo === undefined
    ? redirect(visit, urlFor(home), { code: "password_changed" })
    : redirect(visit, returnTo);
}
