import { AuthError, notLoggedInError } from "../../errors.ts";
import { isSameEmail } from "../../values/email.ts";
import { widestNetworkOf } from "../../values/network.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { emailTakenError, requireValidEmail } from "../email.ts";
import { reserve, reserveSilently } from "../limits/limits.ts";
import { type LoggedInUser, requireUser } from "../sessions/logged-in-user.ts";
import { findUserByEmail } from "../users.ts";
import { requireConfirmedPassword } from "./current-password.ts";

/**
 * Starts an email change, which takes effect when the new address is confirmed. Both addresses get an email. If
 * accounts are concealed, the new address is checked for an existing account only when its email is sent.
 *
 * @returns the trimmed address in the given spelling
 * @throws {AuthError} `not_logged_in`, `password_needed`, `email_invalid`, `email_unchanged` for the current address in
 * any spelling, `too_many_tries`; `email_taken` if accounts are not concealed
 */
export async function changeEmail(
  context: Context,
  sessionId: string | null,
  email: string,
  caller: Caller = {},
): Promise<string> {
  caller = sanitizeCaller(caller);
  const user = await requireUser(context, sessionId);
  await requireConfirmedPassword(context, user, caller);
  return context.trail.recordIfRejected("email_change_refused", { caller, userId: user.id }, async () => {
    // In any spelling: the change could not be confirmed, and the owner would get a needless warning.
    if (isSameEmail(email, user.email)) {
      throw new AuthError("email_unchanged", "the account already has this email address");
    }
    // `EMAIL_FORMAT` does not apply: the address must be able to receive the verification email.
    const address = requireValidEmail(email, "address");
    const attempt = await reserve(context, "moveMail", { address, currentAddress: user.email, caller });
    await attempt.useFor(startChange(context, user, address, caller));
    return address;
  });
}

async function startChange(context: Context, user: LoggedInUser, address: string, caller: Caller): Promise<void> {
  const { db, settings, trail } = context;
  if (settings.CONCEAL_ACCOUNTS === "off" && (await findUserByEmail(context, address))) throw emailTakenError(address);
  const isMailed = await reserveSilently(context, "moveMail", { address, caller });
  const { language = "en", idempotencyKeys } = caller;
  const store = (current: LoggedInUser) =>
    db.changeEmail.request(current, address, language, {
      idempotencyKeys,
      isMailed,
      network: widestNetworkOf(caller.ip),
    });
  if (!(await store(user))) {
    // A login may have replaced the hash. If the password was changed, the session has ended.
    const reread = await requireUser(context, user.sessionId);
    await requireConfirmedPassword(context, reread, caller);
    if (!(await store(reread))) throw notLoggedInError();
  }
  trail.record("email_change_asked", { caller, userId: user.id });
}
