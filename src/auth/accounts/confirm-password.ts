import { notLoggedInError } from "../../errors.ts";
import { type PublicUser, type Session, toPublicUser } from "../../user.ts";
import { type Caller, callerOf } from "../caller.ts";
import type { Context } from "../context.ts";
import { takePlaceOfDevice } from "../passwords/places.ts";
import { madeToken, renewal } from "../secrets.ts";
import { ownerOf } from "../sessions/owner.ts";
import { givePassword } from "./given-password.ts";

/** What confirming the password returns: the account, and the session under its new id. */
export interface Renewed {
  readonly user: PublicUser;
  readonly session: Pick<Session, "sessionId">;
}

/**
 * Checks the password of a person who is logged in: for ten minutes the session may do what needs it. It goes on under
 * a new id (OWASP ASVS 5.0, 7.2.4).
 *
 * @throws {AuthError} `not_logged_in`, `wrong_password`, `too_many_tries`, `busy`
 */
export async function confirmPassword(
  context: Context,
  sessionId: string | null,
  password: string,
  by: Caller = {},
): Promise<Renewed> {
  const caller = callerOf(by);
  using place = takePlaceOfDevice(context, caller, sessionId ?? "");
  const person = await ownerOf(context, sessionId);
  await givePassword(context, place, person, password, caller);
  const nonce = await context.db.sessions.renew(person.sessionId, renewal(context.settings, person.sessionId));
  if (nonce === false) throw notLoggedInError();
  context.trail.record("password_confirmed", { caller, userId: person.id });
  // Made from the presented id, so that two simultaneous responses set the same cookie.
  const renewedId = madeToken(context.settings, person.sessionId, nonce);
  return { user: toPublicUser(person), session: { sessionId: renewedId } };
}
