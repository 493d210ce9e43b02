import { AuthError, EmailTaken } from "../../errors.ts";
import { type PublicUser, toPublicUser } from "../../user.ts";
import { isSameEmail } from "../../values/email.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { describeDevice } from "../devices/devices.ts";
import { emailTakenError } from "../email.ts";
import { reserve } from "../limits/limits.ts";
import { unusablePassword } from "../passwords/hashes.ts";

/** The address that a mailed token brings its account back to; null when the token is invalid. */
export async function findEmail({ db }: Context, token: string): Promise<string | null> {
  return token === "" ? null : ((await db.undoEmailChange.find(token))?.email ?? null);
}

/** Whether a mailed token brings this account back to an address; false when the token is invalid. */
export async function isTokenOfUser({ db }: Context, token: string, userId: number): Promise<boolean> {
  return token !== "" && (await db.undoEmailChange.find(token))?.userId === userId;
}

/**
 * Brings an account back to the address that it has left, by the token that was mailed there within the seven days before.
 * Ends every session and every other token, and replaces the password by none: a reset link is mailed to the address.
 *
 * @param email when given, the token must be this address's
 * @throws {AuthError} `bad_undo_token`, `too_many_tries`; `email_taken` when the address has another account by now, which
 * leaves the token valid
 */
export async function undo(context: Context, token: string, email?: string, by: Caller = {}): Promise<PublicUser> {
  const { db, trail } = context;
  const caller = sanitizeCaller(by);
  const former = token === "" ? null : await db.undoEmailChange.find(token);
  if (!former || (email !== undefined && !isSameEmail(email, former.email))) {
    // Only wrong tokens are limited by network: those of strangers must not keep out an owner who has a good one.
    (await reserve(context, "redemption", { caller })).markUsed();
    throw refused(context, caller, former?.userId);
  }
  const undone = {
    token,
    // No password opens the account until the reset that is mailed now: a thief who moved it knows the present one.
    hashedPassword: unusablePassword,
    language: caller.language ?? "en",
    device: describeDevice(caller.userAgent),
    acts: caller.idempotencyKeys,
  };
  const user = await db.undoEmailChange.undo(undone).catch((error: unknown) => {
    if (!(error instanceof EmailTaken)) throw error;
    trail.record("email_undo_refused", { caller, userId: former.userId, detail: "email_taken" });
    throw emailTakenError(former.email);
  });
  if (!user) throw refused(context, caller, former.userId);
  trail.record("email_change_undone", { caller, userId: user.id });
  return toPublicUser(user);
}

function refused({ trail }: Context, caller: Caller, userId?: number): AuthError {
  trail.record("email_undo_refused", { caller, userId });
  return new AuthError("bad_undo_token", "the token is wrong, used or expired");
}
