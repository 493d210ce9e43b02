import { AuthError, notLoggedInError } from "../../errors.ts";
import { isSameEmail } from "../../values/email.ts";
import { widestNetworkOf } from "../../values/network.ts";
import { type Caller, callerOf } from "../caller.ts";
import type { Context } from "../context.ts";
import { taken, validEmail } from "../email.ts";
import { reserve, reserveSilently } from "../limits/limits.ts";
import { ownerOf, type Person } from "../sessions/owner.ts";
import { userByEmail } from "../users.ts";
import { needPassword } from "./given-password.ts";

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
  const caller = callerOf(by);
  const person = await ownerOf(context, sessionId);
  await needPassword(context, person, caller);
  return context.trail.watch("email_change_refused", { caller, userId: person.id }, async () => {
    // In any spelling: otherwise no mail would be sent to confirm it, and the owner would get a needless warning.
    if (isSameEmail(email, person.email)) {
      throw new AuthError("email_unchanged", "this is the address of the account already");
    }
    // Only a mail can confirm it.
    const address = validEmail(email, "address");
    const tries = await reserve(context, "moveMail", { address, mover: person.email, caller });
    await tries.spendOn(startMove(context, person, address, caller));
    return address;
  });
}

async function startMove(context: Context, person: Person, address: string, caller: Caller): Promise<void> {
  const { db, settings, trail } = context;
  if (settings.CONCEAL_ACCOUNTS === "off" && (await userByEmail(context, address))) throw taken(address);
  const isMailed = await reserveSilently(context, "moveMail", { address, caller });
  const { language = "en", acts } = caller;
  const move = (as: Person) =>
    db.changeEmail.add(as, address, language, { acts, isMailed, network: widestNetworkOf(caller.ip) });
  if (!(await move(person))) {
    // A login may have replaced the hash meanwhile. A changed password has ended the session.
    const now = await ownerOf(context, person.sessionId);
    await needPassword(context, now, caller);
    if (!(await move(now))) throw notLoggedInError();
  }
  trail.record("email_change_asked", { caller, userId: person.id });
}
