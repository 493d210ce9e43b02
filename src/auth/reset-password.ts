import { AuthError, NoResultFound } from "../errors.ts";
import type { User } from "../user.ts";
import { userByEmail } from "./accounts.ts";
import type { Caller, Context } from "./context.ts";
import { normaliseEmail } from "./email.ts";
import { networkOf } from "./network.ts";
import { checkPassword } from "./password-policy.ts";
import { newToken } from "./secrets.ts";

export async function getResetPasswordToken(context: Context, email: string, caller: Caller): Promise<string> {
  const { db, settings, log } = context;
  const user = await userByEmail(context, email);
  if (user?.disabledAt !== null) {
    log.info({ event: "reset_refused", ip: caller.ip }, "reset token refused");
    throw new AuthError("unknown_email", "no account has this email");
  }
  const resetToken = newToken(settings);
  await db.updateUser(user.id, { resetToken });
  log.info({ event: "reset_token_made", userId: user.id, ip: caller.ip }, "reset token made");
  return resetToken;
}

/** In this order, so that a bogus token costs no hash and a refusal leaves a good one alive. */
export async function updatePassword(
  context: Context,
  resetToken: string,
  password: string,
  email: string | undefined,
  caller: Caller,
): Promise<User> {
  const { db, passwords, settings, log } = context;
  const user = await userByResetToken(context, resetToken, email);
  if (!user) throw refused(context, caller);
  checkPassword(password, settings);
  const hashedPassword = await passwords.hashPassword(password, networkOf(caller.ip));
  if (!(await db.redeemResetToken({ resetToken, email: user.email, hashedPassword }))) throw refused(context, caller);
  log.info({ event: "password_reset", userId: user.id, ip: caller.ip }, "password reset");
  return user;
}

async function userByResetToken({ db }: Context, resetToken: string, email?: string): Promise<User | null> {
  if (resetToken === "") return null;
  try {
    const user = await db.findUserBy({ resetToken });
    return email === undefined || normaliseEmail(email) === user.email ? user : null;
  } catch (error) {
    if (error instanceof NoResultFound) return null;
    throw error;
  }
}

function refused({ log }: Context, caller: Caller): AuthError {
  log.info({ event: "reset_refused", ip: caller.ip }, "password reset refused");
  return new AuthError("bad_reset_token", "the reset token is wrong, used or expired");
}
