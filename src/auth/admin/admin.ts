import { AuthError, EmailTaken } from "../../errors.ts";
import { type Language, toLanguage } from "../../languages/languages.ts";
import { type PublicUser, toPublicUser } from "../../user.ts";
import { isDeliverable } from "../../values/email.ts";
import { isUserId, toStorableText } from "../../values/storable.ts";
import { byOperator as detail } from "../audit/audit.ts";
import type { EventName } from "../audit/events.ts";
import type { Context } from "../context.ts";
import { emailTakenError, requireValidEmail } from "../email.ts";
import { getAccountLimitKeys } from "../limits/mail-limits.ts";
import { unusableHash } from "../passwords/hashes.ts";
import { findSessions, type SessionInfo } from "../sessions/session-list.ts";
import { findUserByEmail, findUserById } from "../users.ts";

/** Returns accounts with an id greater than `after`, by ascending id. `search` matches a part of the address. */
export async function listAccounts(
  { db }: Context,
  query: { readonly after?: number; readonly limit: number; readonly search?: string },
): Promise<PublicUser[]> {
  const { search } = query;
  if (search !== undefined && toStorableText(search) !== search) return [];
  return (await db.users.list(query)).map(toPublicUser);
}

/** Returns the account with this address or id, or null. */
export async function findAccount(context: Context, emailOrId: string | number): Promise<PublicUser | null> {
  const user = await (typeof emailOrId === "number"
    ? findUserById(context, emailOrId)
    : findUserByEmail(context, emailOrId));
  return user && toPublicUser(user);
}

/**
 * Creates an account without a password, and emails its owner a link to choose one.
 *
 * @throws {AuthError} `email_invalid`, `email_taken`
 */
export async function invite(context: Context, email: string, language: Language = "en"): Promise<PublicUser> {
  const { db, trail } = context;
  return trail.recordIfRejected("operation_refused", { detail: "account_invited" }, async () => {
    // `EMAIL_FORMAT` does not apply: the address must be able to receive the invitation.
    const address = requireValidEmail(email, "address");
    const user = await db.addUser(address, unusableHash, [], { byOwner: false }).catch((error: unknown) => {
      throw error instanceof EmailTaken ? emailTakenError(address) : error;
    });
    trail.record("account_invited", { userId: user.id, detail });
    await db.outbox.add({ kind: "invitation", language: toLanguage(language), email: address });
    return toPublicUser(user);
  });
}

/**
 * Queues a reset email. Returns false if there is no such account, or it is disabled.
 *
 * @throws {AuthError} `email_invalid` if the address cannot receive email
 */
export async function sendResetMail(context: Context, userId: number, language: Language = "en"): Promise<boolean> {
  const user = await findUserById(context, userId);
  if (user?.disabledAt !== null) return recordRejected(context, "reset_asked", userId, "disabled, or no such account");
  if (!isDeliverable(user.email)) {
    recordRejected(context, "reset_asked", userId, "address cannot receive email");
    throw new AuthError("email_invalid", "the address of this account cannot receive email");
  }
  await context.db.outbox.add({ kind: "reset", language: toLanguage(language), email: user.email });
  context.trail.record("reset_asked", { userId, detail, changed: true });
  return true;
}

/** Disables an account, and ends its sessions on all nodes immediately. Returns false if nothing changed. */
export function disableAccount(context: Context, userId: number): Promise<boolean> {
  return setDisabled(context, userId, true);
}

/** Enables an account. Returns false if nothing changed. */
export function enableAccount(context: Context, userId: number): Promise<boolean> {
  return setDisabled(context, userId, false);
}

async function setDisabled(context: Context, userId: number, disabled: boolean): Promise<boolean> {
  const { db, trail } = context;
  const event = disabled ? "account_disabled" : "account_enabled";
  if (!isUserId(userId) || !(await db.users.setDisabled(userId, disabled)))
    return recordRejected(context, event, userId, "unchanged, or no such account");
  trail.record(event, { userId, detail });
  return true;
}

/** Deletes an account and all its data, and notifies its owner by email. Returns false if there is no such account. */
export async function deleteAccount(context: Context, userId: number, language: Language = "en"): Promise<boolean> {
  const { db, trail } = context;
  const user = await findUserById(context, userId);
  await trail.flush();
  const notice = { kind: "deleted_by_operator", language: toLanguage(language) } as const;
  if (!user || !(await db.users.deleteAccount(user, getAccountLimitKeys(user.email), { notice }))) {
    return recordRejected(context, "account_deleted", userId, "no such account");
  }
  trail.record("account_deleted", { detail });
  return true;
}

/** Returns the sessions of an account, newest first: at most 1,000. */
export async function listSessions(context: Context, userId: number): Promise<readonly SessionInfo[]> {
  return (await findSessions(context, userId)).sessions;
}

/** Ends the session with this handle, or all sessions of an account. Returns their number. */
export async function endSessions(context: Context, userId: number, handle?: string): Promise<number> {
  const { db, trail } = context;
  const end = async () =>
    handle === undefined ? db.sessions.endAll(userId) : Number(await db.sessions.endByHandle(userId, handle));
  const ended = isUserId(userId) ? await end() : 0;
  if (ended === 0) recordRejected(context, "sessions_ended", userId, "no such session");
  else trail.record("sessions_ended", { userId, detail: `${detail}: ${ended}` });
  return ended;
}

/** Records an operator action that had no effect. */
function recordRejected({ trail }: Context, event: EventName, userId: number, reason: string): false {
  trail.record("operation_refused", { userId, detail: `${event}: ${reason}` });
  return false;
}
