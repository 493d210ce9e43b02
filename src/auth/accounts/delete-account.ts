import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { describeDevice } from "../devices/devices.ts";
import { getAccountLimitKeys } from "../limits/mail-limits.ts";
import { takeSlotForDevice } from "../passwords/take-slot.ts";
import { requireUser } from "../sessions/logged-in-user.ts";
import { verifyCurrentPassword, withVerifiedPassword } from "./current-password.ts";

/**
 * Deletes the user's account and all its data. The owner gets an email; until it is sent, the outbox keeps the address.
 *
 * @throws {AuthError} `not_logged_in`, `wrong_password`, `too_many_tries`, `busy`
 */
export async function deleteAccount(
  context: Context,
  sessionId: string | null,
  password: string,
  caller: Caller = {},
): Promise<void> {
  caller = sanitizeCaller(caller);
  const { db, trail } = context;
  using slot = takeSlotForDevice(context, caller, sessionId ?? "");
  const user = await requireUser(context, sessionId);
  await verifyCurrentPassword(context, slot, user, password, caller);
  // Writes pending audit events first, because the deletion makes stored ones anonymous.
  await trail.flush();
  const { language = "en", userAgent } = caller;
  const notice = { kind: "deleted", language, device: describeDevice(userAgent) } as const;
  await withVerifiedPassword(context, slot, user, password, caller, (verified) =>
    db.users.deleteAccount(verified, getAccountLimitKeys(verified.email), {
      verifiedHash: verified.hashedPassword,
      idempotencyKeys: caller.idempotencyKeys,
      notice,
    }),
  );
  trail.record("account_deleted", {});
}
