import { html } from "hono/html";
import { AuthError } from "../../errors.ts";
import { createSessionCookies } from "../../http/session-cookies.ts";
import type { PublicUser } from "../../user.ts";
import { type FormState, field, form } from "../kit/form.ts";
import type { Html, View } from "../kit/layout.ts";
import { redirectToLogin } from "../kit/redirects.ts";
import { home } from "../kit/return-to.ts";
import type { FormValues, Visit } from "../kit/visit.ts";

/** Returns the view for the logged-in user. Redirects a visitor to the login page, which redirects back. */
export async function showToUser(
  visit: Visit,
  show: (user: PublicUser) => View | Promise<View>,
): Promise<View | Response> {
  const { service, sessionId } = visit;
  try {
    return await show(await service.auth.account.getUser(sessionId));
  } catch (error) {
    if (error instanceof AuthError && error.code === "not_logged_in") return redirectToLogin(visit);
    throw error;
  }
}

/** Checks the password if the form has one. A correct password gives the session a new id, even if the request fails later. */
export async function confirmPassword(visit: Visit, { password }: FormValues): Promise<void> {
  if (password === undefined) return;
  const { c, service, caller, cookies } = visit;
  const { session } = await service.auth.account.confirmPassword(visit.sessionId, password, caller);
  visit.sessionId = session.sessionId;
  cookies.push(...createSessionCookies(c, service, session.sessionId));
}

export function currentPasswordField(visit: Visit, state: FormState): Html {
  const label = visit.texts.fields.currentPassword;
  return field(visit, state, { name: "password", label, autocomplete: "current-password" });
}

interface AccountForm {
  readonly action: string;
  readonly hasFormId?: boolean;
  readonly isDownload?: boolean;
  readonly body: Html;
}

/** Returns a form that acts for this user, and a link to leave the form. */
export function accountForm(visit: Visit, user: PublicUser, options: AccountForm): Html {
  const { texts, urlFor, returnTo } = visit;
  return html`${form(visit, { ...options, user, hasReturnTo: true })}<p class="middle"><a class="link" href="${returnTo ?? urlFor(home)}">${texts.account.cancel}</a></p>
`;
}
