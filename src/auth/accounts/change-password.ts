import { toPublicUser } from "../../user.ts";
import { createIdempotencyKey } from "../acts.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { chooseDevice } from "../devices/devices.ts";
import { checkPassword } from "../passwords/password-policy.ts";
import { takeSlotForDevice } from "../passwords/take-slot.ts";
import { createRenewal, deriveToken } from "../secrets.ts";
import { getCurrentId as currentSession } from "../sessions/session-renewals.ts";
import { requireUser } from "../sessions/session-user.ts";
import type { RenewedSession } from "./confirm-password.ts";
import { verifyCurrentPassword, withVerifiedPassword } from "./current-password.ts";

/**
 * Changes the password of a person who is logged in, ends their other sessions, and tells them by mail. The session goes
 * on under a new id.
 *
 * @throws {AuthError} `not_logged_in`, `wrong_password` for the current one, a refusal of the chosen one,
 * `too_many_tries`, `busy`
 */
export async function changePassword(
  context: Context,
  sessionId: string | null,
  given: { readonly current: string; readonly chosen: string },
  by: Caller = {},
): Promise<RenewedSession> {
  const { current, chosen } = given;
  const caller = sanitizeCaller(by);
  const { db, passwords, settings, trail } = context;
  using place = takeSlotForDevice(context, caller, sessionId ?? "");
  const person = await requireUser(context, sessionId);
  // When the same change arrives again, the password is already the new one and the session id may be the previous one. That
  // must not count as a wrong password.
  const act = createIdempotencyKey(person.sessionId, "change password", current, chosen);
  const again = async () => (await db.acts.find(act)) !== null && currentSession(context, person.sessionId);
  const before = await again();
  if (before) return { user: toPublicUser(person), session: { sessionId: before } };
  await verifyCurrentPassword(context, place, person, current, caller);
  const hashedPassword = await trail.recordIfRejected("password_refused", { caller, userId: person.id }, async () => {
    await checkPassword(context, chosen, person.email);
    return passwords.hashPassword(chosen, place);
  });
  const device = await chooseDevice(context, person, caller);
  const renewedId = await withVerifiedPassword(context, place, person, current, caller, async (as) => {
    const nonce = await db.users.changePassword({
      userId: as.id,
      verifiedHash: as.hashedPassword,
      hashedPassword,
      sessionId: as.sessionId,
      ...createRenewal(settings, as.sessionId),
      device,
      language: caller.language ?? "en",
      acts: [...(caller.idempotencyKeys ?? []), act],
    });
    if (nonce === false) return (await again()) || false;
    trail.record("password_changed", { caller, userId: as.id });
    return deriveToken(settings, as.sessionId, nonce);
  });
  return { user: toPublicUser(person), session: { sessionId: renewedId } };
}
