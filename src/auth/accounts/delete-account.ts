import { type Caller, callerOf } from "../caller.ts";
import type { Context } from "../context.ts";
import { describeDevice } from "../devices/devices.ts";
import { accountKeys } from "../limits/caps.ts";
import { takePlaceOfDevice } from "../passwords/places.ts";
import { ownerOf } from "../sessions/owner.ts";
import { asVerified, givePassword } from "./given-password.ts";

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
  const caller = callerOf(by);
  const { db, trail } = context;
  using place = takePlaceOfDevice(context, caller, sessionId ?? "");
  const person = await ownerOf(context, sessionId);
  await givePassword(context, place, person, password, caller);
  // What is gathered is written before, so that it is among what is made anonymous.
  await trail.flush();
  const { language = "en", userAgent } = caller;
  const notice = { kind: "deleted", language, device: describeDevice(userAgent) } as const;
  await asVerified(context, place, person, password, caller, (as) =>
    db.users.deleteAccount(as, accountKeys(as.email), { verifiedHash: as.hashedPassword, acts: caller.acts, notice }),
  );
  trail.record("account_deleted", {});
}
