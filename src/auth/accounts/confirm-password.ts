import { notLoggedInError } from "../../errors.ts";
import { type PublicUser, type Session, toPublicUser } from "../../user.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { takeSlotForDevice } from "../passwords/take-slot.ts";
import { createRenewal, deriveToken } from "../secrets.ts";
import { requireUser } from "../sessions/logged-in-user.ts";
import { verifyCurrentPassword } from "./current-password.ts";

/** An account, and its session under a new id. */
export interface RenewedSession {
  readonly user: PublicUser;
  readonly session: Pick<Session, "sessionId">;
}

/**
 * Checks the password of the logged-in user. For the next ten minutes, the session can make changes that require a
 * confirmed password. It gets a new id (OWASP ASVS 5.0, 7.2.4).
 *
 * @throws {AuthError} `not_logged_in`, `wrong_password`, `too_many_tries`, `busy`
 */
export async function confirmPassword(
  context: Context,
  sessionId: string | null,
  password: string,
  caller: Caller = {},
): Promise<RenewedSession> {
  caller = sanitizeCaller(caller);
  using slot = takeSlotForDevice(context, caller, sessionId ?? "");
  const user = await requireUser(context, sessionId);
  await verifyCurrentPassword(context, slot, user, password, caller);
  const nonce = await context.db.sessions.renew(user.sessionId, createRenewal(context.settings, user.sessionId));
  if (nonce === false) throw notLoggedInError();
  context.trail.record("password_confirmed", { caller, userId: user.id });
  // Derived from the presented id, so that two simultaneous responses set the same cookie.
  const renewedId = deriveToken(context.settings, user.sessionId, nonce);
  return { user: toPublicUser(user), session: { sessionId: renewedId } };
}
