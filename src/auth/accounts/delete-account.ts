import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { describeDevice } from "../devices/devices.ts";
import { accountLimitKeys } from "../limits/mail-limits.ts";
import { takeSlotForDevice } from "../passwords/take-slot.ts";
import { requireUser } from "../sessions/session-user.ts";
import { verifyCurrentPassword, withVerifiedPassword } from "./current-password.ts";

/**
 * Erases a person's account, and all that tells of it. The owner gets a mail, until which the outbox holds the address.
 *
 * @throws {AuthError} `not_logged_in`, `wrong_password`, `too_many_tries`, `busy`
 */
export async function erase(
  context: Context,
  sessionId: string | null,
  password: string,
  by: Caller = {},
): Promise<void> {
  const caller = sanitizeCaller(by);
  const { db, trail } = context;
  using place = takeSlotForDevice(context, caller, sessionId ?? "");
  const person = await requireUser(context, sessionId);
  await verifyCurrentPassword(context, place, person, password, caller);
  // What is gathered is written before, so that it is among what is made anonymous.
  await trail.flush();
  const { language = "en", userAgent } = caller;
  const notice = { kind: "deleted", language, device: describeDevice(userAgent) } as const;
  await withVerifiedPassword(context, place, person, password, caller, (as) =>
    db.users.deleteAccount(as, accountLimitKeys(as.email), {
      verifiedHash: as.hashedPassword,
      acts: caller.idempotencyKeys,
      notice,
    }),
  );
  trail.record("account_deleted", {});
}
