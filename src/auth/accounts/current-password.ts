import { AuthError } from "../../errors.ts";
import { clockTolerance } from "../../values/clock-tolerance.ts";
import type { Caller } from "../caller.ts";
import type { Context } from "../context.ts";
import type { HashSlot } from "../passwords/passwords.ts";
import { reserveLogin } from "../sessions/log-in.ts";
import { requireUser, type SessionUser } from "../sessions/session-user.ts";

/** How long a password that was given counts, in milliseconds. */
const confirmationLifetime = 10 * 60_000;

/** Counts as a try to log in: a session that was left open is no way to guess the password. */
export async function verifyCurrentPassword(
  context: Context,
  place: HashSlot,
  person: SessionUser,
  password: string,
  caller: Caller,
): Promise<void> {
  await using tries = await reserveLogin(context, place, person.email, person, caller);
  if (password === "" || !(await context.passwords.verifyPassword(password, person.hashedPassword, place))) {
    tries.markUsed();
    throw wrong(context, person, caller);
  }
  await tries.markSucceeded();
}

/**
 * Does what the password allows, if the hash that it was verified against is still the stored one. If a login has replaced that
 * hash meanwhile, the password is verified once more, against the new one.
 *
 * @param act returns false, without effect, if the hash or the session has changed
 * @throws {AuthError} `not_logged_in` when the session has ended; `wrong_password` when the password was changed
 */
export async function withVerifiedPassword<Done>(
  context: Context,
  place: HashSlot,
  person: SessionUser,
  password: string,
  caller: Caller,
  act: (as: SessionUser) => Promise<Done | false>,
): Promise<Done> {
  const done = await act(person);
  if (done !== false) return done;
  const now = await requireUser(context, person.sessionId);
  if (now.hashedPassword !== person.hashedPassword) await verifyCurrentPassword(context, place, now, password, caller);
  const doneNow = await act(now);
  if (doneNow !== false) return doneNow;
  throw wrong(context, now, caller);
}

/** @throws {AuthError} `password_needed` when it was not given within the last ten minutes */
export async function requireConfirmedPassword(
  { db, trail, clock }: Context,
  person: SessionUser,
  caller: Caller,
): Promise<void> {
  const at = await db.sessions.findConfirmedAt(person.sessionId);
  const age = at === null ? Number.POSITIVE_INFINITY : clock() - at;
  if (age <= confirmationLifetime && age >= -clockTolerance) return;
  trail.record("password_needed", { caller, userId: person.id });
  throw new AuthError("password_needed", "password confirmation required");
}

function wrong({ trail }: Context, person: SessionUser, caller: Caller): AuthError {
  trail.record("password_refused", { caller, userId: person.id });
  return new AuthError("wrong_password", "wrong password");
}
