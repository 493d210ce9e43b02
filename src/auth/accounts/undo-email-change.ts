import { AuthError, EmailTaken } from "../../errors.ts";
import { type PublicUser, toPublicUser } from "../../user.ts";
import { isSameEmail } from "../../values/email.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { describeDevice } from "../devices/devices.ts";
import { emailTakenError } from "../email.ts";
import { reserve } from "../limits/limits.ts";
import { unusableHash } from "../passwords/hashes.ts";

/** Returns the address that a token restores, or null if the token is invalid. */
export async function findEmail({ db }: Context, token: string): Promise<string | null> {
  return token === "" ? null : ((await db.undoEmailChange.findFormerEmail(token))?.email ?? null);
}

/** Returns true if the token undoes an email change of this user. */
export async function isTokenOfUser({ db }: Context, token: string, userId: number): Promise<boolean> {
  return token !== "" && (await db.undoEmailChange.findFormerEmail(token))?.userId === userId;
}

/**
 * Restores the former address of an account by the token that was mailed to that address, up to seven days after the
 * change. Ends every session, invalidates every other token, and removes the password: the address gets a reset link.
 *
 * @param email if given, the token must belong to this address
 * @throws {AuthError} `bad_undo_token`, `too_many_tries`; `email_taken` if another account has the address by now; the
 * token then stays valid
 */
export async function undo(context: Context, token: string, email?: string, caller: Caller = {}): Promise<PublicUser> {
  const { db, trail } = context;
  caller = sanitizeCaller(caller);
  const former = token === "" ? null : await db.undoEmailChange.findFormerEmail(token);
  if (!former || (email !== undefined && !isSameEmail(email, former.email))) {
    // Only wrong tokens count as attempts, so that others on the network cannot block an owner with a valid token.
    (await reserve(context, "redemption", { caller })).markUsed();
    throw badTokenError(context, caller, former?.userId);
  }
  const params = {
    token,
    // Removes the password, because an attacker who has changed the address knows the password.
    hashedPassword: unusableHash,
    language: caller.language ?? "en",
    device: describeDevice(caller.userAgent),
    idempotencyKeys: caller.idempotencyKeys,
  };
  const user = await db.undoEmailChange.undo(params).catch((error: unknown) => {
    if (!(error instanceof EmailTaken)) throw error;
    trail.record("email_undo_refused", { caller, userId: former.userId, detail: "email_taken" });
    throw emailTakenError(former.email);
  });
  if (!user) throw badTokenError(context, caller, former.userId);
  trail.record("email_change_undone", { caller, userId: user.id });
  return toPublicUser(user);
}

function badTokenError({ trail }: Context, caller: Caller, userId?: number): AuthError {
  trail.record("email_undo_refused", { caller, userId });
  return new AuthError("bad_undo_token", "the token is wrong, used or expired");
}
