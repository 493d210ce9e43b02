import { randomBytes } from "node:crypto";
import type { Session } from "../../user.ts";
import { toStorableText } from "../../values/storable.ts";
import { digest } from "../digest.ts";
import { holdUser, lockSessions, lockSessionsInOrder, sessionCondition } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import { findNonce, forgetAct, recordAct } from "./acts.ts";
import { type LoginNotice, recordLogin } from "./devices.ts";
import { endOldestSessions, endSurplusSessions, maxSessions } from "./session-limit.ts";
import { isSession, selectLiveSessions } from "./session-lookup.ts";

/** Opens one session, however often its request is sent. */
export interface LoginAct {
  readonly name: string;
  /** The nonce that the session id is derived from. */
  readonly nonce: string;
  idFor(nonce: string): string;
}

/** What `open` needs to open a session. */
export interface NewSession {
  readonly userId: number;
  readonly sessionId: string;
  /** The hash that the password was verified against: if it is no longer the user's, no session is opened. */
  readonly verifiedHash?: string;
  /** A better hash of the same password, stored together with the session. */
  readonly rehashed?: string | undefined;
  /** The sessions that this one replaces. */
  readonly replaces?: string | readonly string[] | undefined;
  /** How many sessions the user may have, this one included, up to 1,000; the oldest end. */
  readonly limit?: number;
  /** The secret of a device that the account knows from then on; undefined if devices are not remembered. */
  readonly device?: string | undefined;
  /** The mail to the owner if the login is unexpected; null if none can be sent. Undefined where nobody logs in. */
  readonly notice?: LoginNotice | null | undefined;
  /** The same act again returns the session that it opened, while that exists. */
  readonly act?: LoginAct | undefined;
  readonly ip?: string | null | undefined;
  readonly userAgent?: string | null | undefined;
}

/** Opens a session, all or nothing; null when the user is gone, disabled, or has another password by now. */
export async function open(store: Store, opening: NewSession): Promise<Session | null> {
  const { userId, sessionId, verifiedHash, rehashed, replaces = [], device, notice, limit = maxSessions } = opening;
  return runInTransaction(store, async (transaction) => {
    const now = transaction.clock();
    const update = rehashed
      ? transaction.db.updateTable("users").set({ hashed_password: rehashed, updated_at: now })
      : holdUser(transaction);
    const ofUser = update.where("id", "=", userId).where("disabled_at", "is", null);
    // The update holds the user's row until the end: a reset at the same time waits, or was before.
    const unchanged = await (verifiedHash === undefined ? ofUser : ofUser.where("hashed_password", "=", verifiedHash))
      .returning("known_since")
      .executeTakeFirst();
    if (!unchanged) return null;
    const again = opening.act && (await findSessionOfAct(transaction, userId, opening.act));
    const replaced = [replaces].flat().filter((each) => each !== again?.sessionId);
    // They may be another user's, who ends these meanwhile.
    if (replaced.length > 0) await lockSessions(transaction, limit < maxSessions ? userId : 0, replaced);
    for (const each of replaced) await end(transaction, each);
    if (again) return again;
    const session = await insertSession(transaction, opening);
    await endOldestSessions(transaction, userId, Math.min(limit, maxSessions), sessionId);
    if (notice !== undefined)
      await recordLogin(transaction, { userId, device, notice, knownSince: unchanged.known_since });
    return session;
  });
}

/**
 * The session that the same act opened within the last minute. Otherwise records the act for the session about to be opened,
 * and returns null.
 */
async function findSessionOfAct(
  store: Store,
  userId: number,
  { name, nonce, idFor }: LoginAct,
): Promise<Session | null> {
  const before = await findNonce(store, name);
  const sessionId = before && idFor(before);
  const row =
    sessionId &&
    (await selectLiveSessions(store)
      .selectAll()
      .where("session_id", "=", digest(sessionId))
      .where("user_id", "=", userId)
      .executeTakeFirst());
  if (row) {
    const { created_at: createdAt, last_seen_at: lastSeenAt, expires_at: expiresAt, ip, user_agent: userAgent } = row;
    return { sessionId, userId, createdAt, lastSeenAt, expiresAt, ip, userAgent };
  }
  await forgetAct(store, name);
  await recordAct(store, [name], { userId, nonce });
  return null;
}

export async function insertSession({ db, clock, lifetimes }: Store, opening: NewSession): Promise<Session> {
  const { sessionId, userId } = opening;
  const [ip, userAgent] = [toStorableText(opening.ip), toStorableText(opening.userAgent)];
  const now = clock();
  const expiresAt = now + lifetimes.SESSION_LIFETIME;
  await db
    .insertInto("sessions")
    .values({
      session_id: digest(sessionId),
      user_id: userId,
      created_at: now,
      last_seen_at: now,
      expires_at: expiresAt,
      ip,
      user_agent: userAgent,
      confirmed_at: opening.verifiedHash === undefined ? null : now,
      handle: randomBytes(32).toString("base64url"),
    })
    .execute();
  return { sessionId, userId, createdAt: now, lastSeenAt: now, expiresAt, ip, userAgent };
}

/** Ends one session; false when there was none. */
export async function end({ db, clock }: Store, sessionId: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom("sessions").where(isSession(sessionId, clock())).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends every session of a user; returns how many there were. */
export async function endAll(store: Store, userId: number): Promise<number> {
  return (await endSurplusSessions(store, userId)) + (await endSessions(store, userId));
}

/** Ends every session of a user but this one; returns how many there were. */
export async function endOthers(store: Store, userId: number, sessionId: string): Promise<number> {
  const surplus = await endSurplusSessions(store, userId, sessionId);
  return surplus + (await endOtherSessions(store, userId, sessionId));
}

/** Like `endAll`, for a user who has no more than `maxSessions`. */
export async function endSessions(store: Store, userId: number): Promise<number> {
  const { numDeletedRows } = await store.db
    .deleteFrom("sessions")
    .where(lockSessionsInOrder(store, sessionCondition("user_id", "=", userId)))
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Like `endOthers`, for a user who has no more than `maxSessions`. */
export async function endOtherSessions(store: Store, userId: number, sessionId: string): Promise<number> {
  const { numDeletedRows } = await store.db
    .deleteFrom("sessions")
    .where(lockSessionsInOrder(store, sessionCondition("user_id", "=", userId)))
    .where("user_id", "=", userId)
    .where("session_id", "!=", digest(sessionId))
    .where(
      sessionCondition.or([
        sessionCondition("previous_id", "is", null),
        sessionCondition("previous_id", "!=", digest(sessionId)),
      ]),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}
