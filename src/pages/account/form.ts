import { html } from "hono/html";
import { AuthError } from "../../errors.ts";
import { setSession } from "../../http/session-cookies.ts";
import type { PublicUser } from "../../user.ts";
import { type Filled, field, form } from "../kit/form.ts";
import type { Html, View } from "../kit/layout.ts";
import { askToLogIn } from "../kit/redirects.ts";
import { home } from "../kit/return-to.ts";
import type { Values, Visit } from "../kit/visit.ts";

/** A page of somebody's account; whoever is not logged in, or no longer, is asked to, and comes back to it. */
export async function forPerson(
  visit: Visit,
  show: (person: PublicUser) => View | Promise<View>,
): Promise<View | Response> {
  const { service, sessionId } = visit;
  try {
    return await show(await service.auth.account.getUser(sessionId));
  } catch (error) {
    if (error instanceof AuthError && error.code === "not_logged_in") return askToLogIn(visit);
    throw error;
  }
}

/** Has the password confirmed where it was given: the session goes on under a new id, whatever comes of the rest. */
export async function confirm(visit: Visit, { password }: Values): Promise<void> {
  if (password === undefined) return;
  const { c, service, caller, cookies } = visit;
  const { session } = await service.auth.account.confirmPassword(visit.sessionId, password, caller);
  visit.sessionId = session.sessionId;
  cookies.push(...setSession(c, service, session.sessionId));
}

export function currentPassword(visit: Visit, filled: Filled): Html {
  const label = visit.words.fields.currentPassword;
  return field(visit, filled, { name: "password", label, autocomplete: "current-password" });
}

interface AccountForm {
  readonly action: string;
  readonly isOnce?: boolean;
  readonly isDownload?: boolean;
  readonly body: Html;
}

/** A form that acts for this person alone, and a link back. */
export function accountForm(visit: Visit, person: PublicUser, given: AccountForm): Html {
  const { words, to, onward } = visit;
  return html`${form(visit, { ...given, of: person, goesOn: true })}<p class="middle"><a class="link" href="${onward ?? to(home)}">${words.account.cancel}</a></p>
`;
}
