import { sql } from "kysely";
import { storable } from "../storable.ts";
import { type PublicUser, publicUser, type Session, type User } from "../user.ts";
import { publicColumns, userColumns } from "./attributes.ts";
import { type Device, rememberDevice } from "./devices.ts";
import { digest } from "./digest.ts";
import type { Awaitable } from "./engine.ts";
import { atomically, type Store } from "./store.ts";

/** What `DB.openSession` makes a session of. */
export interface Opening {
  readonly userId: number;
  readonly sessionId: string;
  /** The hash that the password was verified against: if it is no longer the user's, no session is opened. */
  readonly verifiedHash?: string;
  /** A better hash of the same password, stored together with the session. */
  readonly rehashed?: string | undefined;
  /** The sessions that this one takes the place of. */
  readonly replaces?: string | readonly string[] | undefined;
  /** How many sessions the user may have, this one included; the oldest end. */
  readonly limit?: number;
  /** A device that the user knows from then on. */
  readonly device?: Device | undefined;
  readonly ip?: string | null | undefined;
  readonly userAgent?: string | null | undefined;
}

/** A user found by a session, and when that was last written as seen. */
export type SeenUser = User & { readonly lastSeenAt: number };

/** A live session as every request of a logged-in person needs it: whose it is, and when it was last written as seen. */
export interface SeenSession {
  readonly user: PublicUser;
  readonly lastSeenAt: number;
}

/** The sessions that have reached neither end. */
export function live({ db, clock, lifetimes }: Store) {
  const now = clock();
  return db
    .selectFrom("sessions")
    .where("expires_at", ">", now)
    .where("last_seen_at", ">", now - lifetimes.SESSION_IDLE);
}

/**
 * Makes the lookup behind every request of a logged-in person: its query is built once, reads no secret, and is answered at
 * once where the driver is synchronous.
 */
export function sessionLookup({
  db,
  engine,
  lifetimes,
  clock,
}: Store): (sessionId: string) => Awaitable<SeenSession | null> {
  const query = db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.user_id")
    .select(publicColumns)
    .select("sessions.last_seen_at as lastSeenAt")
    .where("session_id", "=", "")
    .where("expires_at", ">", 0)
    .where("last_seen_at", ">", 0)
    .where("disabled_at", "is", null)
    .compile();
  return (sessionId) => {
    const now = clock();
    const lookup: typeof query = { ...query, parameters: [digest(sessionId), now, now - lifetimes.SESSION_IDLE] };
    const rows = engine.read(lookup);
    return rows instanceof Promise ? rows.then(seenSession) : seenSession(rows);
  };
}

function seenSession([row]: (PublicUser & { lastSeenAt: number })[]): SeenSession | null {
  return row ? { user: publicUser(row), lastSeenAt: row.lastSeenAt } : null;
}

/** Finds the user of a live session, whose account is not disabled, with everything that is stored of them. */
export async function findUserBySession(store: Store, sessionId: string): Promise<SeenUser | null> {
  const row = await live(store)
    .innerJoin("users", "users.id", "sessions.user_id")
    .select(userColumns)
    .select("sessions.last_seen_at as lastSeenAt")
    .where("session_id", "=", digest(sessionId))
    .where("disabled_at", "is", null)
    .executeTakeFirst();
  return row ? { ...row, sessionId, resetToken: null } : null;
}

/** Opens a session, all or nothing; null when the user is gone, disabled, or has another password by now. */
export async function openSession(store: Store, opening: Opening): Promise<Session | null> {
  const { userId, verifiedHash, rehashed, replaces = [], device, limit = Number.POSITIVE_INFINITY } = opening;
  return atomically(store, async (transaction) => {
    const now = transaction.clock();
    // An update, even of nothing, holds the user's row until the end: a reset at the same time waits, or was before.
    const unchanged = await transaction.db
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
    for (const replaced of [replaces].flat()) await endSession(transaction, replaced);
    const session = await insertSession(transaction, opening);
    if (limit !== Number.POSITIVE_INFINITY) await endOldest(transaction, session, limit);
    if (device) await rememberDevice(transaction, device, userId);
    return session;
  });
}

export async function insertSession({ db, clock, lifetimes }: Store, opening: Opening): Promise<Session> {
  const { sessionId, userId } = opening;
  const [ip, userAgent] = [storable(opening.ip), storable(opening.userAgent)];
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
    })
    .execute();
  return { sessionId, userId, createdAt: now, lastSeenAt: now, expiresAt, ip, userAgent };
}

/** Ends one session; false when there was none. */
export async function endSession({ db }: Store, sessionId: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom("sessions")
    .where("session_id", "=", digest(sessionId))
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends every session of a user; returns how many there were. */
export async function endSessions({ db }: Store, userId: number): Promise<number> {
  const { numDeletedRows } = await db.deleteFrom("sessions").where("user_id", "=", userId).executeTakeFirst();
  return Number(numDeletedRows);
}

/** A session as its owner may see it. */
export interface ListedSession {
  /** Names the session, and opens nothing: it is made of what is stored, which is made of the session id. */
  readonly handle: string;
  readonly current: boolean;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/** More than anybody looks through; a program that never logs out has them. */
const mostListed = 1000;

/** The live sessions of a user, the newest first. */
export async function listSessions(store: Store, userId: number, current?: string): Promise<ListedSession[]> {
  const own = current === undefined ? undefined : digest(current);
  const rows = await live(store)
    .select(["session_id", "created_at", "last_seen_at", "expires_at", "ip", "user_agent"])
    .where("user_id", "=", userId)
    .orderBy("created_at", "desc")
    .orderBy("session_id")
    .limit(mostListed)
    .execute();
  return rows.map((row) => ({
    handle: digest(row.session_id),
    current: row.session_id === own,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    ip: row.ip,
    userAgent: row.user_agent,
  }));
}

/** Ends the session of a user that has this handle; false when there is none. */
export async function endSessionByHandle({ db }: Store, userId: number, handle: string): Promise<boolean> {
  const rows = await db.selectFrom("sessions").select("session_id").where("user_id", "=", userId).execute();
  const found = rows.find((row) => digest(row.session_id) === handle);
  if (!found) return false;
  const { numDeletedRows } = await db
    .deleteFrom("sessions")
    .where("session_id", "=", found.session_id)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends every session of a user but this one; returns how many there were. */
export async function endOtherSessions({ db }: Store, userId: number, sessionId: string): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom("sessions")
    .where("user_id", "=", userId)
    .where("session_id", "!=", digest(sessionId))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** When the password was last given in a live session; null for never, and where there is none. */
export async function confirmedAt(store: Store, sessionId: string): Promise<number | null> {
  const session = await live(store)
    .select("confirmed_at")
    .where("session_id", "=", digest(sessionId))
    .executeTakeFirst();
  return session?.confirmed_at ?? null;
}

/** Notes that the password was given now, and gives the session a new id; false when it has ended. */
export async function renewSession(store: Store, sessionId: string, renewed: string): Promise<boolean> {
  const now = store.clock();
  const { numUpdatedRows } = await store.db
    .updateTable("sessions")
    .set({ session_id: digest(renewed), confirmed_at: now, last_seen_at: now })
    .where("session_id", "=", digest(sessionId))
    .where("session_id", "in", live(store).select("session_id").where("session_id", "=", digest(sessionId)))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Keeps this session and the newest live ones beside it, `limit` in all. */
async function endOldest(store: Store, { userId, sessionId }: Session, limit: number): Promise<void> {
  const kept = live(store)
    .select("session_id")
    .where("user_id", "=", userId)
    .where("session_id", "!=", digest(sessionId))
    .orderBy("created_at", "desc")
    .orderBy("session_id")
    .limit(limit - 1);
  await store.db
    .deleteFrom("sessions")
    .where("user_id", "=", userId)
    .where("session_id", "!=", digest(sessionId))
    .where("session_id", "not in", kept)
    .execute();
}

/** A session, and when it was seen: now, unless that is said. */
export type Seen = string | readonly [sessionId: string, at: number];

/** Writes when sessions were seen. One that had ended by then stays so, and so does one that was ended since. */
export async function seeSessions({ db, clock, lifetimes }: Store, sessions: Iterable<Seen>): Promise<void> {
  const now = clock();
  const seen = new Map<string, number>();
  for (const each of sessions) {
    const [sessionId, at] = typeof each === "string" ? [each, now] : each;
    const id = digest(sessionId);
    seen.set(id, Math.max(seen.get(id) ?? 0, Math.min(at, now)));
  }
  if (seen.size === 0) return;
  // The columns of VALUES have these names on every engine; PostgreSQL takes parameters in it for text.
  const rows = [...seen].map(([id, at]) => sql`(${id}, cast(${at} as bigint))`);
  const values = sql<{ column1: string; column2: number }>`(values ${sql.join(rows)})`;
  await db
    .updateTable("sessions")
    .from(values.as("seen"))
    .set((row) => ({ last_seen_at: row.ref("seen.column2") }))
    .whereRef("session_id", "=", "seen.column1")
    .whereRef("last_seen_at", "<", "seen.column2")
    .where("last_seen_at", ">", (row) => row("seen.column2", "-", lifetimes.SESSION_IDLE))
    .whereRef("expires_at", ">", "seen.column2")
    .execute();
}

/**
 * Deletes the ended among the next `limit` sessions after `from`, in the order of their keys, so that no index has to be
 * kept for it; returns where the next batch begins, or null at the end.
 */
export async function sweepSessions(
  { db, clock, lifetimes }: Store,
  from: string,
  limit: number,
): Promise<{ ended: number; next: string | null }> {
  const now = clock();
  const idle = now - lifetimes.SESSION_IDLE;
  const batch = await db
    .selectFrom("sessions")
    .select(["session_id", "expires_at", "last_seen_at"])
    .where("session_id", ">", from)
    .orderBy("session_id")
    .limit(limit)
    .execute();
  const ended = batch.filter((row) => row.expires_at <= now || row.last_seen_at <= idle).map((row) => row.session_id);
  if (ended.length > 0) {
    await db
      .deleteFrom("sessions")
      .where("session_id", "in", ended)
      .where((row) => row.or([row("expires_at", "<=", now), row("last_seen_at", "<=", idle)]))
      .execute();
  }
  return { ended: ended.length, next: batch.length < limit ? null : (batch.at(-1)?.session_id ?? null) };
}
