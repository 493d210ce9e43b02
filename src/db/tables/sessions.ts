import { randomBytes } from "node:crypto";
import type { Session } from "../../user.ts";
import { toStorableText } from "../../values/storable.ts";
import { digest } from "../digest.ts";
import { buildUserLock, lockSessions, lockSessionsInOrder, sessionCondition } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import { type LoginNotice, recordLogin } from "./devices.ts";
import { deleteResult, findNonce, recordResult } from "./idempotency.ts";
import { endOldestSessions, endSurplusSessions, maxSessions } from "./session-limit.ts";
import { isSession, selectLiveSessions } from "./session-lookup.ts";

/** Identifies a login, so that a login form that is submitted twice opens only one session. */
export interface LoginIdempotency {
  /** The idempotency key of the login. */
  readonly key: string;
  /** The nonce from which the session id is derived. */
  readonly nonce: string;
  deriveSessionId(nonce: string): string;
}

export interface NewSession {
  readonly userId: number;
  readonly sessionId: string;
  /** The hash against which the password was verified. If the user's hash has changed since then, no session is opened. */
  readonly verifiedHash?: string;
  /** A stronger hash of the same password, stored in the same transaction. */
  readonly strongerHash?: string | undefined;
  /** The ids of the sessions that end because this session replaces them. */
  readonly replaces?: string | readonly string[] | undefined;
  /** The maximum number of sessions of the user, including this one, up to 1,000. If there are more, the oldest ones end. */
  readonly limit?: number;
  /** The secret of the device, which becomes known to the account; undefined if devices are not recorded. */
  readonly device?: string | undefined;
  /** The email to the user if the login is unexpected; null if no email can be sent; undefined if this is not a login. */
  readonly notice?: LoginNotice | null | undefined;
  /** If the same login has opened a session that still exists, `open` returns that session. */
  readonly idempotency?: LoginIdempotency | undefined;
  readonly ip?: string | null | undefined;
  readonly userAgent?: string | null | undefined;
}

/** Opens a session. Returns null if the user was deleted or disabled, or if the password has changed. */
export async function open(store: Store, options: NewSession): Promise<Session | null> {
  const { userId, sessionId, verifiedHash, strongerHash, replaces = [], device, notice, limit = maxSessions } = options;
  return runInTransaction(store, async (transaction) => {
    const now = transaction.clock();
    const update = strongerHash
      ? transaction.db.updateTable("users").set({ hashed_password: strongerHash, updated_at: now })
      : buildUserLock(transaction);
    const ofEnabledUser = update.where("id", "=", userId).where("disabled_at", "is", null);
    // The update locks the user's row, so a concurrent password reset happens either before or after the update.
    const user = await (verifiedHash === undefined
      ? ofEnabledUser
      : ofEnabledUser.where("hashed_password", "=", verifiedHash)
    )
      .returning("known_since")
      .executeTakeFirst();
    if (!user) return null;
    const previous = options.idempotency && (await findRepeatedSession(transaction, userId, options.idempotency));
    const replaced = [replaces].flat().filter((each) => each !== previous?.sessionId);
    // Replaced sessions may belong to another user, whose requests may end them at the same time.
    if (replaced.length > 0) await lockSessions(transaction, limit < maxSessions ? userId : 0, replaced);
    for (const each of replaced) await end(transaction, each);
    if (previous) return previous;
    const session = await insertSession(transaction, options);
    await endOldestSessions(transaction, userId, Math.min(limit, maxSessions), sessionId);
    if (notice !== undefined) await recordLogin(transaction, { userId, device, notice, knownSince: user.known_since });
    return session;
  });
}

/**
 * Returns the session that the same login opened within the last minute. If there is none, records the nonce of the session that
 * is about to be opened, and returns null.
 */
async function findRepeatedSession(
  store: Store,
  userId: number,
  { key, nonce, deriveSessionId }: LoginIdempotency,
): Promise<Session | null> {
  const previousNonce = await findNonce(store, key);
  const sessionId = previousNonce && deriveSessionId(previousNonce);
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
  await deleteResult(store, key);
  await recordResult(store, [key], { userId, nonce });
  return null;
}

export async function insertSession({ db, clock, lifetimes }: Store, options: NewSession): Promise<Session> {
  const { sessionId, userId } = options;
  const [ip, userAgent] = [toStorableText(options.ip), toStorableText(options.userAgent)];
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
      confirmed_at: options.verifiedHash === undefined ? null : now,
      handle: randomBytes(32).toString("base64url"),
    })
    .execute();
  return { sessionId, userId, createdAt: now, lastSeenAt: now, expiresAt, ip, userAgent };
}

/** Ends a session; returns false if there is none. */
export async function end({ db, clock }: Store, sessionId: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom("sessions").where(isSession(sessionId, clock())).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends all sessions of a user; returns the number of ended sessions. */
export async function endAll(store: Store, userId: number): Promise<number> {
  return (await endSurplusSessions(store, userId)) + (await endSessions(store, userId));
}

/** Ends all sessions of a user except this one; returns the number of ended sessions. */
export async function endOthers(store: Store, userId: number, sessionId: string): Promise<number> {
  const surplus = await endSurplusSessions(store, userId, sessionId);
  return surplus + (await endOtherSessions(store, userId, sessionId));
}

/** Like `endAll`, for a user with at most `maxSessions`. */
export async function endSessions(store: Store, userId: number): Promise<number> {
  const { numDeletedRows } = await store.db
    .deleteFrom("sessions")
    .where(lockSessionsInOrder(store, sessionCondition("user_id", "=", userId)))
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Like `endOthers`, for a user with at most `maxSessions`. */
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
