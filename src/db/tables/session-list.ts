import { type SelectQueryBuilder, sql } from "kysely";
import { lockSessionsInOrder, sessionCondition } from "../locks.ts";
import type { Schema, SessionsTable } from "../schema.ts";
import { runInTransaction, type Store } from "../store.ts";
import { recordResult } from "./idempotency.ts";
import { maxSessions } from "./session-limit.ts";
import { isSession } from "./session-lookup.ts";

/** A session in a user's session list. */
export interface ListedSession {
  /** The public id of the session. It never changes. */
  readonly handle: string;
  readonly current: boolean;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/** Selects sessions of a user. */
export interface SessionQuery {
  /** The id of the caller's session, which is on the first page only. */
  readonly current?: string | undefined;
  /** The `next` of the previous page; undefined for the first page. */
  readonly after?: string | undefined;
  /** The maximum number of sessions, up to `maxSessions`. */
  readonly limit: number;
}

/** A page of live sessions, newest first. */
export interface SessionPage<Session = ListedSession> {
  readonly sessions: readonly Session[];
  /** Identifies the next page; null if there is none. */
  readonly next: string | null;
}

/**
 * A position in the list of a user's sessions, newest first: directly after the session with this time and key. It stays valid
 * when sessions are opened or end.
 */
type Position = readonly [createdAt: number, sessionId: string];

const firstPosition: Position = [999_999_999_999_999, "0"];

type Row = Pick<
  SessionsTable,
  "session_id" | "user_id" | "created_at" | "last_seen_at" | "expires_at" | "ip" | "user_agent" | "handle"
>;

const columns = [
  "session_id",
  "user_id",
  "created_at",
  "last_seen_at",
  "expires_at",
  "ip",
  "user_agent",
  "handle",
] as const satisfies (keyof Row)[];

/**
 * Returns a page of the live sessions of a user. Reads at most a few thousand rows.
 *
 * @returns null if `after` is malformed
 */
export async function list(
  store: Store,
  userId: number,
  { current, after, limit }: SessionQuery,
): Promise<SessionPage | null> {
  const from = after === undefined ? firstPosition : decodePosition(after);
  if (from === null) return null;
  const own = current === undefined ? undefined : await findOwnSession(store, userId, current);
  const first = after === undefined && own ? [own] : [];
  const others = await findNewest(store, userId, { except: own?.session_id, from, count: limit - first.length });
  return {
    sessions: [...first, ...others.rows].sort(compareNewestFirst).map((row) => toListedSession(row, row === own)),
    next: others.next && encodePosition(others.next),
  };
}

/** Finds a session of a user by its current id, or by its previous id until ten seconds after the renewal. */
async function findOwnSession(store: Store, userId: number, sessionId: string): Promise<Row | undefined> {
  const find = ({ db, clock }: Store) => db.selectFrom("sessions").where(isSession(sessionId, clock()));
  const [row] = await readWithHandles(store, find);
  return row?.user_id === userId ? row : undefined;
}

/** Returns the newest live sessions of a user after a position, except one, and the position of the next page. */
async function findNewest(
  store: Store,
  userId: number,
  { except, from, count }: { readonly except: string | undefined; readonly from: Position; readonly count: number },
): Promise<{ rows: Row[]; next: Position | null }> {
  const rows: Row[] = [];
  const now = store.clock();
  const isLive = (row: Row) => row.expires_at > now && row.last_seen_at > now - store.lifetimes.SESSION_IDLE;
  // Reads two sessions more than it returns: the excluded one, and one that shows whether there is a next page.
  const size = Math.max(count + 2, 100);
  let position = from;
  for (let read = 0; read < maxSessions; read += size) {
    const after = position;
    const batch = await readWithHandles(store, ({ db }) =>
      db
        .selectFrom("sessions")
        .where("user_id", "=", userId)
        .where(sql<boolean>`(created_at, session_id) < (${sql.join(after)})`)
        .orderBy("created_at", "desc")
        .orderBy("session_id", "desc")
        .limit(size),
    );
    for (const row of batch) {
      if (row.session_id === except || !isLive(row)) continue;
      if (rows.length === count) return { rows, next: position };
      rows.push(row);
      position = toPosition(row);
    }
    if (batch.length < size) return { rows, next: null };
    position = toPosition(batch.at(-1) as Row);
  }
  return { rows, next: position };
}

/** Reads sessions, and gives a handle to each session that an older version opened without one. */
async function readWithHandles(
  store: Store,
  select: (store: Store) => SelectQueryBuilder<Schema, "sessions", object>,
): Promise<Row[]> {
  const rows = await select(store).select(columns).execute();
  if (rows.every(({ handle }) => handle !== null)) return rows;
  return runInTransaction(store, async (transaction) => {
    const selected = select(transaction).select("session_id");
    await transaction.db
      .updateTable("sessions")
      .set({ handle: sql<string>`${sql.raw(store.engine.randomText)}` })
      .where("handle", "is", null)
      .$if(!store.engine.locksRows, (query) => query.where("session_id", "in", selected))
      .where(lockSessionsInOrder(transaction, sessionCondition("session_id", "in", selected)))
      .execute();
    return select(transaction).select(columns).execute();
  });
}

/** Ends the session of a user with this handle; returns false if there is none. */
export async function endByHandle(
  store: Store,
  userId: number,
  handle: string,
  idempotencyKeys: readonly string[] = [],
): Promise<boolean> {
  if (!/^[\w-]{43}$/.test(handle)) return false;
  return runInTransaction(store, async (transaction) => {
    // `recordResult` locks the account, which must be locked before its sessions.
    if (store.engine.locksRows && idempotencyKeys.length > 0) {
      await transaction.db.selectFrom("users").select("id").where("id", "=", userId).forKeyShare().execute();
    }
    const { numDeletedRows } = await transaction.db
      .deleteFrom("sessions")
      .where("handle", "=", handle)
      // `+ 0` keeps the database from using the index on user_id, because that could scan all sessions of the user.
      .where(sql<boolean>`user_id + 0 = ${userId}`)
      .executeTakeFirst();
    if (numDeletedRows > 0n) await recordResult(transaction, idempotencyKeys, { userId });
    return numDeletedRows > 0n;
  });
}

function toListedSession(row: Row, current: boolean): ListedSession {
  return {
    handle: row.handle ?? "",
    current,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    ip: row.ip,
    userAgent: row.user_agent,
  };
}

function compareNewestFirst(one: Row, other: Row): number {
  return other.created_at - one.created_at || (one.session_id < other.session_id ? 1 : -1);
}

function toPosition({ created_at, session_id }: Row): Position {
  return [created_at, session_id];
}

/** Encodes a position for use in a URL. The result contains the SHA-256 of a session id, which does not reveal the id. */
function encodePosition(position: Position): string {
  return Buffer.from(position.join(" ")).toString("base64url");
}

/** Decodes the result of `encodePosition`; returns null for any other string. */
function decodePosition(text: string): Position | null {
  const [, createdAt, sessionId] = /^(\d{1,15}) ([ -~]{1,250})$/.exec(Buffer.from(text, "base64url").toString()) ?? [];
  if (createdAt === undefined || sessionId === undefined) return null;
  const position: Position = [Number(createdAt), sessionId];
  return encodePosition(position) === text ? position : null;
}
