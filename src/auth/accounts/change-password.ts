import { toPublicUser } from "../../user.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { chooseDevice } from "../devices/devices.ts";
import { createIdempotencyKey } from "../idempotency.ts";
import { checkPassword } from "../passwords/password-policy.ts";
import { takeSlotForDevice } from "../passwords/take-slot.ts";
import { createRenewal, deriveToken } from "../secrets.ts";
import { requireUser } from "../sessions/logged-in-user.ts";
import { getCurrentId } from "../sessions/session-renewals.ts";
import type { RenewedSession } from "./confirm-password.ts";
import { verifyCurrentPassword, withVerifiedPassword } from "./current-password.ts";

/**
 * Changes the password of the logged-in user, ends all other sessions, and notifies the user by email. The session gets a
 * new id.
 *
 * @throws {AuthError} `not_logged_in`; `wrong_password` if `currentPassword` is wrong; the password errors of
 * `registerUser` for `newPassword`; `too_many_tries`; `busy`
 */
export async function changePassword(
  context: Context,
  sessionId: string | null,
  { currentPassword, newPassword }: { readonly currentPassword: string; readonly newPassword: string },
  caller: Caller = {},
): Promise<RenewedSession> {
  caller = sanitizeCaller(caller);
  const { db, passwords, settings, trail } = context;
  using slot = takeSlotForDevice(context, caller, sessionId ?? "");
  const user = await requireUser(context, sessionId);
  // If the same request arrives twice, the password is already changed and the session id may be the previous one. The
  // second request must not count as a wrong password.
  const key = createIdempotencyKey(user.sessionId, "change password", currentPassword, newPassword);
  const findRepeated = async () =>
    (await db.idempotency.findResult(key)) !== null && getCurrentId(context, user.sessionId);
  const repeated = await findRepeated();
  if (repeated) return { user: toPublicUser(user), session: { sessionId: repeated } };
  await verifyCurrentPassword(context, slot, user, currentPassword, caller);
  const hashedPassword = await trail.recordIfRejected("password_refused", { caller, userId: user.id }, async () => {
    await checkPassword(context, newPassword, user.email);
    return passwords.hashPassword(newPassword, slot);
  });
  const device = await chooseDevice(context, user, caller);
  const renewedId = await withVerifiedPassword(context, slot, user, currentPassword, caller, async (verified) => {
    const nonce = await db.users.changePassword({
      userId: verified.id,
      verifiedHash: verified.hashedPassword,
      hashedPassword,
      sessionId: verified.sessionId,
      ...createRenewal(settings, verified.sessionId),
      device,
      language: caller.language ?? "en",
      idempotencyKeys: [...(caller.idempotencyKeys ?? []), key],
    });
    if (nonce === false) return (await findRepeated()) || false;
    trail.record("password_changed", { caller, userId: verified.id });
    return deriveToken(settings, verified.sessionId, nonce);
  });
  return { user: toPublicUser(user), session: { sessionId: renewedId } };
}
