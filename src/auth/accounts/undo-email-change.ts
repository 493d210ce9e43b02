import { AuthError, EmailTaken } from "../../errors.ts";
import type { User } from "../../user.ts";
import { isSpellingOf } from "../../values/email.ts";
import type { Caller } from "../caller.ts";
import type { Context } from "../context.ts";
import { describeDevice } from "../devices/devices.ts";
import { taken } from "../email.ts";
import { reserve } from "../limits/limits.ts";
import { noPassword } from "../passwords/hashes.ts";

/** The address that a mailed token brings its account back to, or null. The holder of the token knows it. */
export async function addressToRestore({ db }: Context, token: string): Promise<string | null> {
  return token === "" ? null : ((await db.undoEmailChange.find(token))?.email ?? null);
}

/** Whether a mailed token brings this account back; false when the token is invalid. */
export async function restoresAccount({ db }: Context, token: string, userId: number): Promise<boolean> {
  return token !== "" && (await db.undoEmailChange.find(token))?.userId === userId;
}

/**
 * No password opens the account until the reset that is mailed now, because a thief who moved it knows the present one. Only wrong
 * tokens are limited by network: those of strangers must not keep out an owner who has a good one.
 */
export async function undoEmailChange(
  context: Context,
  token: string,
  email: string | undefined,
  caller: Caller,
): Promise<User> {
  const { db, trail } = context;
  const former = token === "" ? null : await db.undoEmailChange.find(token);
  if (!former || (email !== undefined && !isSpellingOf(email, former.email))) {
    (await reserve(context, "redemption", { caller })).spend();
    throw refused(context, caller, former?.userId);
  }
  const undone = {
    token,
    hashedPassword: noPassword,
    language: caller.language ?? "en",
    device: describeDevice(caller.userAgent),
    acts: caller.acts,
  };
  const user = await db.undoEmailChange.undo(undone).catch((error: unknown) => {
    if (!(error instanceof EmailTaken)) throw error;
    trail.record("email_undo_refused", { caller, userId: former.userId, detail: "email_taken" });
    throw taken(former.email);
  });
  if (!user) throw refused(context, caller, former.userId);
  trail.record("email_change_undone", { caller, userId: user.id });
  return user;
}

function refused({ trail }: Context, caller: Caller, userId?: number): AuthError {
  trail.record("email_undo_refused", { caller, userId });
  return new AuthError("bad_undo_token", "the token is wrong, used or expired");
}
