import { AuthError, EmailTaken } from "../../errors.ts";
import { type Language, toLanguage } from "../../languages/languages.ts";
import { type PublicUser, toPublicUser } from "../../user.ts";
import { isDeliverable } from "../../values/email.ts";
import { isUserId, toStorableText } from "../../values/storable.ts";
import { byOperator as detail } from "../audit/audit.ts";
import type { EventName } from "../audit/events.ts";
import type { Context } from "../context.ts";
import { emailTakenError, requireValidEmail } from "../email.ts";
import { accountLimitKeys } from "../limits/mail-limits.ts";
import { unusablePassword } from "../passwords/hashes.ts";
import { listSessions, type SessionInfo } from "../sessions/session-list.ts";
import { findUserByEmail, findUserById } from "../users.ts";

/** Accounts in the order of their ids, after the one with the id `after`; `search` is a part of the address. */
export async function list(
  { db }: Context,
  wanted: { readonly after?: number; readonly limit: number; readonly search?: string },
): Promise<PublicUser[]> {
  const { search } = wanted;
  if (search !== undefined && toStorableText(search) !== search) return [];
  return (await db.users.list(wanted)).map(toPublicUser);
}

/** The account of an address or id, or null. */
export async function find(context: Context, who: string | number): Promise<PublicUser | null> {
  const user = await (typeof who === "number" ? findUserById(context, who) : findUserByEmail(context, who));
  return user && toPublicUser(user);
}

/**
 * Makes an account whose owner chooses the password, by the link of an invitation.
 *
 * @throws {AuthError} `email_invalid`, `email_taken`
 */
export async function invite(context: Context, email: string, language: Language = "en"): Promise<PublicUser> {
  const { db, trail } = context;
  return trail.recordIfRejected("operation_refused", { detail: "account_invited" }, async () => {
    // Its owner can only get in by a mail.
    const address = requireValidEmail(email, "address");
    const user = await db.addUser(address, unusablePassword, [], { byOwner: false }).catch((error: unknown) => {
      throw error instanceof EmailTaken ? emailTakenError(address) : error;
    });
    trail.record("account_invited", { userId: user.id, detail });
    await db.outbox.add({ kind: "invitation", language: toLanguage(language), email: address });
    return toPublicUser(user);
  });
}

/**
 * Sends a reset mail; false when there is no such account, or it is disabled.
 *
 * @throws {AuthError} `email_invalid` when no mail can be sent to its address
 */
export async function sendReset(context: Context, userId: number, language: Language = "en"): Promise<boolean> {
  const user = await findUserById(context, userId);
  if (user?.disabledAt !== null) return refuse(context, "reset_asked", userId, "disabled, or no such account");
  if (!isDeliverable(user.email)) {
    refuse(context, "reset_asked", userId, "address cannot receive email");
    throw new AuthError("email_invalid", "the address of this account cannot receive email");
  }
  await context.db.outbox.add({ kind: "reset", language: toLanguage(language), email: user.email });
  context.trail.record("reset_asked", { userId, detail, changed: true });
  return true;
}

/** Disables an account, whose sessions end at once on every node; false when it was, or is not there. */
export function disable(context: Context, userId: number): Promise<boolean> {
  return setDisabled(context, userId, true);
}

/** Enables an account; false when it was, or is not there. */
export function enable(context: Context, userId: number): Promise<boolean> {
  return setDisabled(context, userId, false);
}

async function setDisabled(context: Context, userId: number, disabled: boolean): Promise<boolean> {
  const { db, trail } = context;
  const act = disabled ? "account_disabled" : "account_enabled";
  if (!isUserId(userId) || !(await db.users.setDisabled(userId, disabled)))
    return refuse(context, act, userId, "unchanged, or no such account");
  trail.record(act, { userId, detail });
  return true;
}

/** Erases an account and everything about it, and mails its owner; false if there is none. */
export async function deleteAccount(context: Context, userId: number, language: Language = "en"): Promise<boolean> {
  const { db, trail } = context;
  const user = await findUserById(context, userId);
  await trail.flush();
  const notice = { kind: "deleted_by_operator", language: toLanguage(language) } as const;
  if (!user || !(await db.users.deleteAccount(user, accountLimitKeys(user.email), { notice }))) {
    return refuse(context, "account_deleted", userId, "no such account");
  }
  trail.record("account_deleted", { detail });
  return true;
}

/** Where an account is logged in, the newest first, at most 1,000 sessions. */
export async function sessions(context: Context, userId: number): Promise<readonly SessionInfo[]> {
  return (await listSessions(context, userId)).sessions;
}

/** Ends one session by its handle, or all of an account's; returns how many there were. */
export async function revoke(context: Context, userId: number, handle?: string): Promise<number> {
  const { db, trail } = context;
  const end = async () =>
    handle === undefined ? db.sessions.endAll(userId) : Number(await db.sessions.endByHandle(userId, handle));
  const ended = isUserId(userId) ? await end() : 0;
  if (ended === 0) refuse(context, "sessions_ended", userId, "no such session");
  else trail.record("sessions_ended", { userId, detail: `${detail}: ${ended}` });
  return ended;
}

/** Takes note of an act that was refused, and why. */
function refuse({ trail }: Context, act: EventName, userId: number, why: string): false {
  trail.record("operation_refused", { userId, detail: `${act}: ${why}` });
  return false;
}
