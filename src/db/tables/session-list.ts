import { type SelectQueryBuilder, sql } from "kysely";
import { lockSessionsInOrder, sessionCondition } from "../locks.ts";
import type { Schema, SessionsTable } from "../schema.ts";
import { runInTransaction, type Store } from "../store.ts";
import { recordAct } from "./acts.ts";
import { maxSessions } from "./session-limit.ts";
import { isSession } from "./session-lookup.ts";

/** A session as its owner may see it. */
export interface ListedSession {
  /** Names the session for as long as it lives, and opens nothing. */
  readonly handle: string;
  readonly current: boolean;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/** Which sessions of a user are wanted. */
export interface SessionQuery {
  /** The id of the session that asks. It is on the first page, and on no other. */
  readonly current?: string | undefined;
  /** The `next` of the page before; without it, the first page. */
  readonly after?: string | undefined;
  /** How many at most, up to `maxSessions`. */
  readonly limit: number;
}

/** Some live sessions of a user, the newest first. */
export interface SessionPage<Session = ListedSession> {
  readonly sessions: readonly Session[];
  /** Names the page after this one; null if there is none. */
  readonly next: string | null;
}

/**
 * A place in the order of a user's sessions, the newest first: after the one that was opened then and has this key. It stays
 * where it is when sessions come and go.
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
 * A page of the live sessions of a user. It reads about as many rows as it returns, and some thousand at most, however many there
 * are.
 *
 * @returns null if `after` is no page's `next`
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
  const others = await findNewest(store, userId, { but: own?.session_id, from, count: limit - first.length });
  return {
    sessions: [...first, ...others.rows].sort(compareNewestFirst).map((row) => toListedSession(row, row === own)),
    next: others.next && encodePosition(others.next),
  };
}

/** The session of a user that has an id, or had it until some seconds ago. */
async function findOwnSession(store: Store, userId: number, sessionId: string): Promise<Row | undefined> {
  const find = ({ db, clock }: Store) => db.selectFrom("sessions").where(isSession(sessionId, clock()));
  const [row] = await readWithHandles(store, find);
  return row?.user_id === userId ? row : undefined;
}

/** The newest live sessions of a user after a position, but for one of them; and where the next page begins, if there is one. */
async function findNewest(
  store: Store,
  userId: number,
  { but, from, count }: { readonly but: string | undefined; readonly from: Position; readonly count: number },
): Promise<{ rows: Row[]; next: Position | null }> {
  const rows: Row[] = [];
  const now = store.clock();
  const isLive = (row: Row) => row.expires_at > now && row.last_seen_at > now - store.lifetimes.SESSION_IDLE;
  // Besides those that are returned, the one that is left out, and one that tells whether there are more.
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
      if (row.session_id === but || !isLive(row)) continue;
      if (rows.length === count) return { rows, next: position };
      rows.push(row);
      position = toPosition(row);
    }
    if (batch.length < size) return { rows, next: null };
    position = toPosition(batch.at(-1) as Row);
  }
  return { rows, next: position };
}

/** Reads some sessions, and gives a handle to each that has none: an older version opened it. */
async function readWithHandles(
  store: Store,
  some: (store: Store) => SelectQueryBuilder<Schema, "sessions", object>,
): Promise<Row[]> {
  const rows = await some(store).select(columns).execute();
  if (rows.every(({ handle }) => handle !== null)) return rows;
  return runInTransaction(store, async (transaction) => {
    const wanted = some(transaction).select("session_id");
    await transaction.db
      .updateTable("sessions")
      .set({ handle: sql<string>`${sql.raw(store.engine.randomText)}` })
      .where("handle", "is", null)
      .$if(!store.engine.locksRows, (query) => query.where("session_id", "in", wanted))
      .where(lockSessionsInOrder(transaction, sessionCondition("session_id", "in", wanted)))
      .execute();
    return some(transaction).select(columns).execute();
  });
}

/** Ends the session of a user that has this handle; false when there is none. */
export async function endByHandle(
  store: Store,
  userId: number,
  handle: string,
  acts: readonly string[] = [],
): Promise<boolean> {
  if (!/^[\w-]{43}$/.test(handle)) return false;
  return runInTransaction(store, async (transaction) => {
    // The act's row locks the account as well, whose turn is before its sessions.
    if (store.engine.locksRows && acts.length > 0) {
      await transaction.db.selectFrom("users").select("id").where("id", "=", userId).forKeyShare().execute();
    }
    const { numDeletedRows } = await transaction.db
      .deleteFrom("sessions")
      .where("handle", "=", handle)
      // The sum keeps a database from walking through all sessions of the user instead.
      .where(sql<boolean>`user_id + 0 = ${userId}`)
      .executeTakeFirst();
    if (numDeletedRows > 0n) await recordAct(transaction, acts, { userId });
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

/** A position as text that needs no escaping in a URL. The SHA-256 of a session id in it opens nothing. */
function encodePosition(position: Position): string {
  return Buffer.from(position.join(" ")).toString("base64url");
}

/** Reads what `writePosition` wrote; null for anything else. */
function decodePosition(text: string): Position | null {
  const [, createdAt, sessionId] = /^(\d{1,15}) ([ -~]{1,250})$/.exec(Buffer.from(text, "base64url").toString()) ?? [];
  if (createdAt === undefined || sessionId === undefined) return null;
  const position: Position = [Number(createdAt), sessionId];
  return encodePosition(position) === text ? position : null;
}
