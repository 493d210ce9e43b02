import { notLoggedInError } from "../../errors.ts";
import { type PublicUser, type Session, toPublicUser } from "../../user.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { takeSlotForDevice } from "../passwords/take-slot.ts";
import { createRenewal, deriveToken } from "../secrets.ts";
import { requireUser } from "../sessions/session-user.ts";
import { verifyCurrentPassword } from "./current-password.ts";

/** What confirming the password returns: the account, and the session under its new id. */
export interface RenewedSession {
  readonly user: PublicUser;
  readonly session: Pick<Session, "sessionId">;
}

/**
 * Checks the password of a person who is logged in: for ten minutes the session may do what needs it. It goes on under
 * a new id (OWASP ASVS 5.0, 7.2.4).
 *
 * @throws {AuthError} `not_logged_in`, `wrong_password`, `too_many_tries`, `busy`
 */
export async function confirmPassword(
  context: Context,
  sessionId: string | null,
  password: string,
  by: Caller = {},
): Promise<RenewedSession> {
  const caller = sanitizeCaller(by);
  using place = takeSlotForDevice(context, caller, sessionId ?? "");
  const person = await requireUser(context, sessionId);
  await verifyCurrentPassword(context, place, person, password, caller);
  const nonce = await context.db.sessions.renew(person.sessionId, createRenewal(context.settings, person.sessionId));
  if (nonce === false) throw notLoggedInError();
  context.trail.record("password_confirmed", { caller, userId: person.id });
  // Made from the presented id, so that two simultaneous responses set the same cookie.
  const renewedId = deriveToken(context.settings, person.sessionId, nonce);
  return { user: toPublicUser(person), session: { sessionId: renewedId } };
}
