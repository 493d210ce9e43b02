import type { InferResult, Kysely } from "kysely";
import type { Settings } from "../settings.ts";
import type { Session, User } from "../user.ts";
import { userColumns } from "./attributes.ts";
import { digest } from "./digest.ts";
import type { Engine } from "./engine.ts";
import type { Schema } from "./schema.ts";

/** How long the rows live, in milliseconds. */
export type Lifetimes = Pick<Settings, "SESSION_LIFETIME" | "SESSION_IDLE" | "RESET_TOKEN_LIFETIME">;

/** A value, or the promise of one: what is read synchronously need not be awaited. */
export type Awaitable<T> = T | Promise<T>;

/** What `DB.openSession` makes a session of. */
export interface Opening {
  readonly userId: number;
  readonly sessionId: string;
  /** The hash that the password was verified against: if it is no longer the user's, no session is opened. */
  readonly verifiedHash?: string;
  /** A better hash of the same password, stored together with the session. */
  readonly rehashed?: string | undefined;
  /** A session that this one takes the place of. */
  readonly replaces?: string | undefined;
  /** How many sessions the user may have, this one included; the oldest end. */
  readonly limit?: number;
  readonly ip?: string | null | undefined;
  readonly userAgent?: string | null | undefined;
}

/** A user found by a session, and when that was last written as seen. */
export type SeenUser = User & { readonly lastSeenAt: number };

/** The sessions that have reached neither end. */
export function live(db: Kysely<Schema>, now: number, { SESSION_IDLE }: Lifetimes) {
  return db
    .selectFrom("sessions")
    .where("expires_at", ">", now)
    .where("last_seen_at", ">", now - SESSION_IDLE);
}

/**
 * Makes the lookup behind every request of a logged-in person: its query is built once, and answered at once where the
 * driver is synchronous.
 */
export function sessionLookup(db: Kysely<Schema>, engine: Engine, lifetimes: Lifetimes) {
  const query = db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.user_id")
    .select(userColumns)
    .select("sessions.last_seen_at as lastSeenAt")
    .where("session_id", "=", "")
    .where("expires_at", ">", 0)
    .where("last_seen_at", ">", 0)
    .where("disabled_at", "is", null)
    .compile();
  type Rows = InferResult<typeof query>;

  return (sessionId: string, now: number): Awaitable<SeenUser | null> => {
    const lookup: typeof query = { ...query, parameters: [digest(sessionId), now, now - lifetimes.SESSION_IDLE] };
    const found = (rows: Rows): SeenUser | null => {
      const row = rows[0];
      return row ? Object.assign(row, { sessionId, resetToken: null }) : null;
    };
    const rows = engine.readNow(lookup);
    return rows ? found(rows) : db.executeQuery(lookup).then((result) => found(result.rows));
  };
}

/** Opens a session, all or nothing; null when the user is gone, disabled, or has another password by now. */
export async function openSession(
  db: Kysely<Schema>,
  { userId, sessionId, verifiedHash, rehashed, replaces, limit = Number.POSITIVE_INFINITY, ip, userAgent }: Opening,
  now: number,
  lifetimes: Lifetimes,
): Promise<Session | null> {
  return db.transaction().execute(async (transaction) => {
    // An update, even of nothing, holds the user's row until the end: a reset at the same time waits, or was before.
    const unchanged = await transaction
      .updateTable("users")
      .set((column) =>
        rehashed ? { hashed_password: rehashed, updated_at: now } : { updated_at: column.ref("updated_at") },
      )
      .where("id", "=", userId)
      .where("disabled_at", "is", null)
      .$if(verifiedHash !== undefined, (query) => query.where("hashed_password", "=", verifiedHash as string))
      .returning("id")
      .executeTakeFirst();
    if (!unchanged) return null;
    if (replaces !== undefined) await endSession(transaction, replaces);
    const session = await insertSession(transaction, sessionId, userId, now, lifetimes, { ip, userAgent });
    if (limit !== Number.POSITIVE_INFINITY) await endOldest(transaction, session, limit, now, lifetimes);
    return session;
  });
}

export async function insertSession(
  db: Kysely<Schema>,
  sessionId: string,
  userId: number,
  now: number,
  { SESSION_LIFETIME }: Lifetimes,
  { ip = null, userAgent = null }: Pick<Opening, "ip" | "userAgent"> = {},
): Promise<Session> {
  const session = {
    sessionId,
    userId,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + SESSION_LIFETIME,
    ip,
    userAgent,
  };
  await db
    .insertInto("sessions")
    .values({
      session_id: digest(sessionId),
      user_id: userId,
      created_at: now,
      last_seen_at: now,
      expires_at: session.expiresAt,
      ip,
      user_agent: userAgent,
    })
    .execute();
  return session;
}

/** Ends one session; false when there was none. */
export async function endSession(db: Kysely<Schema>, sessionId: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom("sessions")
    .where("session_id", "=", digest(sessionId))
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends every session of a user; returns how many there were. */
export async function endSessions(db: Kysely<Schema>, userId: number): Promise<number> {
  const { numDeletedRows } = await db.deleteFrom("sessions").where("user_id", "=", userId).executeTakeFirst();
  return Number(numDeletedRows);
}

/** Keeps this session and the newest live ones beside it, `limit` in all. */
async function endOldest(
  db: Kysely<Schema>,
  { userId, sessionId }: Session,
  limit: number,
  now: number,
  lifetimes: Lifetimes,
): Promise<void> {
  const kept = live(db, now, lifetimes)
    .select("session_id")
    .where("user_id", "=", userId)
    .where("session_id", "!=", digest(sessionId))
    .orderBy("created_at", "desc")
    .orderBy("session_id")
    .limit(limit - 1);
  await db
    .deleteFrom("sessions")
    .where("user_id", "=", userId)
    .where("session_id", "!=", digest(sessionId))
    .where("session_id", "not in", kept)
    .execute();
}

/** Writes sessions as seen now; one that has ended stays so. */
export async function seeSessions(
  db: Kysely<Schema>,
  sessionIds: readonly string[],
  now: number,
  { SESSION_IDLE }: Lifetimes,
): Promise<void> {
  await db
    .updateTable("sessions")
    .set({ last_seen_at: now })
    .where("session_id", "in", sessionIds.map(digest))
    .where("last_seen_at", "<", now)
    .where("last_seen_at", ">", now - SESSION_IDLE)
    .execute();
}

/**
 * Deletes the ended among the next `limit` sessions after `from`, in the order of their keys, so that no index has to be
 * kept for it; returns where the next batch begins, or null at the end.
 */
export async function sweepSessions(
  db: Kysely<Schema>,
  from: string,
  limit: number,
  now: number,
  { SESSION_IDLE }: Lifetimes,
): Promise<{ ended: number; next: string | null }> {
  const batch = await db
    .selectFrom("sessions")
    .select(["session_id", "expires_at", "last_seen_at"])
    .where("session_id", ">", from)
    .orderBy("session_id")
    .limit(limit)
    .execute();
  const ended = batch.filter((row) => row.expires_at <= now || row.last_seen_at <= now - SESSION_IDLE);
  if (ended.length > 0) {
    await db
      .deleteFrom("sessions")
      .where(
        "session_id",
        "in",
        ended.map((row) => row.session_id),
      )
      .where((row) => row.or([row("expires_at", "<=", now), row("last_seen_at", "<=", now - SESSION_IDLE)]))
      .execute();
  }
  return { ended: ended.length, next: batch.length < limit ? null : (batch.at(-1)?.session_id ?? null) };
}
