import { AuthError } from "../../errors.ts";
import { clockTolerance } from "../../values/clock-tolerance.ts";
import type { Caller } from "../caller.ts";
import type { Context } from "../context.ts";
import type { HashSlot } from "../passwords/passwords.ts";
import { reserveLogin } from "../sessions/log-in.ts";
import { type LoggedInUser, requireUser } from "../sessions/logged-in-user.ts";

/** How long a confirmed password stays confirmed, in milliseconds. */
const confirmationLifetime = 10 * 60_000;

/**
 * Checks the password of the logged-in user. Counts as a login attempt, so that an unattended session cannot be used to
 * guess the password.
 *
 * @throws {AuthError} `wrong_password`, `too_many_tries`, `busy`
 */
export async function verifyCurrentPassword(
  context: Context,
  slot: HashSlot,
  user: LoggedInUser,
  password: string,
  caller: Caller,
): Promise<void> {
  await using attempt = await reserveLogin(context, slot, user.email, user, caller);
  if (password === "" || !(await context.passwords.verifyPassword(password, user.hashedPassword, slot))) {
    attempt.markUsed();
    throw wrongPasswordError(context, user, caller);
  }
  await attempt.markSucceeded();
}

/**
 * Runs `act`. If a login has replaced the hash since the password was verified, verifies the password against the new
 * hash and runs `act` again.
 *
 * @param act must return false, without effect, if the hash or the session has changed
 * @throws {AuthError} `not_logged_in` if the session has ended; `wrong_password` if the password has been changed
 */
export async function withVerifiedPassword<Result>(
  context: Context,
  slot: HashSlot,
  user: LoggedInUser,
  password: string,
  caller: Caller,
  act: (verified: LoggedInUser) => Promise<Result | false>,
): Promise<Result> {
  const result = await act(user);
  if (result !== false) return result;
  const reread = await requireUser(context, user.sessionId);
  if (reread.hashedPassword !== user.hashedPassword)
    await verifyCurrentPassword(context, slot, reread, password, caller);
  const secondResult = await act(reread);
  if (secondResult !== false) return secondResult;
  throw wrongPasswordError(context, reread, caller);
}

/** @throws {AuthError} `password_needed` if the password was not confirmed within the last ten minutes */
export async function requireConfirmedPassword(
  { db, trail, clock }: Context,
  user: LoggedInUser,
  caller: Caller,
): Promise<void> {
  const confirmedAt = await db.sessions.findConfirmedAt(user.sessionId);
  const age = confirmedAt === null ? Number.POSITIVE_INFINITY : clock() - confirmedAt;
  if (age <= confirmationLifetime && age >= -clockTolerance) return;
  trail.record("password_needed", { caller, userId: user.id });
  throw new AuthError("password_needed", "password confirmation required");
}

function wrongPasswordError({ trail }: Context, user: LoggedInUser, caller: Caller): AuthError {
  trail.record("password_refused", { caller, userId: user.id });
  return new AuthError("wrong_password", "wrong password");
}
