import { AuthError, notLoggedInError } from "../../errors.ts";
import { isSameEmail } from "../../values/email.ts";
import { widestNetworkOf } from "../../values/network.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { emailTakenError, requireValidEmail } from "../email.ts";
import { reserve, reserveSilently } from "../limits/limits.ts";
import { requireUser, type SessionUser } from "../sessions/session-user.ts";
import { findUserByEmail } from "../users.ts";
import { requireConfirmedPassword } from "./current-password.ts";

/**
 * Moves a person's account to another address once that is confirmed. Both addresses get a mail. Whether the new one has an
 * account is looked up when its mail is sent.
 *
 * @returns the trimmed address in the given spelling
 * @throws {AuthError} `not_logged_in`, `password_needed`, `email_invalid`, `email_unchanged` for the present address in any
 * spelling, `too_many_tries`; `email_taken` if accounts are not concealed
 */
export async function changeEmail(
  context: Context,
  sessionId: string | null,
  email: string,
  by: Caller = {},
): Promise<string> {
  const caller = sanitizeCaller(by);
  const person = await requireUser(context, sessionId);
  await requireConfirmedPassword(context, person, caller);
  return context.trail.recordIfRejected("email_change_refused", { caller, userId: person.id }, async () => {
    // In any spelling: otherwise no mail would be sent to confirm it, and the owner would get a needless warning.
    if (isSameEmail(email, person.email)) {
      throw new AuthError("email_unchanged", "the account already has this email address");
    }
    // Only a mail can confirm it.
    const address = requireValidEmail(email, "address");
    const tries = await reserve(context, "moveMail", { address, currentAddress: person.email, caller });
    await tries.useFor(startMove(context, person, address, caller));
    return address;
  });
}

async function startMove(context: Context, person: SessionUser, address: string, caller: Caller): Promise<void> {
  const { db, settings, trail } = context;
  if (settings.CONCEAL_ACCOUNTS === "off" && (await findUserByEmail(context, address))) throw emailTakenError(address);
  const isMailed = await reserveSilently(context, "moveMail", { address, caller });
  const { language = "en", idempotencyKeys: acts } = caller;
  const move = (as: SessionUser) =>
    db.changeEmail.add(as, address, language, { acts, isMailed, network: widestNetworkOf(caller.ip) });
  if (!(await move(person))) {
    // A login may have replaced the hash meanwhile. A changed password has ended the session.
    const now = await requireUser(context, person.sessionId);
    await requireConfirmedPassword(context, now, caller);
    if (!(await move(now))) throw notLoggedInError();
  }
  trail.record("email_change_asked", { caller, userId: person.id });
}
