import { randomBytes } from "node:crypto";
import { type Expression, type ExpressionBuilder, sql } from "kysely";
import { type PublicUser, publicUser, type Session, type User } from "../../user.ts";
import { clockTolerance } from "../../values/clock-tolerance.ts";
import { storable } from "../../values/storable.ts";
import { publicColumns, userColumns } from "../attributes.ts";
import { digest } from "../digest.ts";
import type { Awaitable } from "../engine.ts";
import { isIn, listOf } from "../lists.ts";
import { lockedSessions, lockSessions } from "../locks.ts";
import type { Schema } from "../schema.ts";
import { atomically, type Store } from "../store.ts";
import { forgetAct, nonceOf, recordAct } from "./acts.ts";
import type { Device, LoginNotice } from "./devices.ts";
import { noteLogin } from "./first-logins.ts";
import { endOldestSessions, endSurplusSessions, mostSessions } from "./session-limit.ts";

/** Opens one session, however often its request is sent. */
export interface OpeningAct {
  readonly name: string;
  /** The nonce that the session id is derived from. */
  readonly nonce: string;
  idFor(nonce: string): string;
}

/** What `DB.openSession` makes a session of. */
export interface Opening {
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
  /** A device that the user knows from then on, and the mail to the owner if the login is unexpected. */
  readonly device?: Device | undefined;
  /** That mail where no devices are remembered; null if none can be sent. Undefined where nobody logs in. */
  readonly notice?: LoginNotice | null | undefined;
  /** The same act again returns the session that it opened, while that exists. */
  readonly act?: OpeningAct | undefined;
  readonly ip?: string | null | undefined;
  readonly userAgent?: string | null | undefined;
}

/** A user found by a session, and when that was last written as seen. */
export type SeenUser = User & { readonly lastSeenAt: number };

/** A live session as every request of a logged-in person needs it: its user, and the stored time of its last use. */
export interface SeenSession {
  readonly user: PublicUser;
  readonly lastSeenAt: number;
}

/**
 * How long the previous id leads to a renewed session, in milliseconds, so that requests under way and lost responses end no
 * session.
 */
const renewalGrace = 10_000;

/**
 * The range of renewal times whose previous id is still valid. A time slightly in the future may come from another node; a
 * later one from a wrong clock.
 */
function graceOf(now: number): readonly [after: number, until: number] {
  return [now - renewalGrace, now + renewalGrace];
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
 * Makes the lookup that every request of a logged-in person needs: its query is built once, reads no secret, and is synchronous
 * if the driver is.
 */
export function sessionLookup({
  db,
  engine,
  lifetimes,
  clock,
}: Store): (sessionId: string) => Awaitable<SeenSession | null> {
  const found = db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.user_id")
    .select(publicColumns)
    .select("sessions.last_seen_at as lastSeenAt")
    .where("expires_at", ">", 0)
    .where("last_seen_at", ">", 0)
    .where("disabled_at", "is", null);
  const byId = found.where("session_id", "=", "").compile();
  const byPreviousId = found
    .where("previous_id", "=", "")
    .where("renewed_at", ">", 0)
    .where("renewed_at", "<=", 0)
    .compile();
  const read = (query: typeof byId, parameters: readonly (string | number)[]): Awaitable<SeenSession | null> => {
    const lookup: typeof byId = { ...query, parameters };
    const rows = engine.read(lookup);
    return rows instanceof Promise ? rows.then(seenSession) : seenSession(rows);
  };
  const readPrevious = (hashed: string, now: number) =>
    read(byPreviousId, [now, now - lifetimes.SESSION_IDLE, hashed, ...graceOf(now)]);
  return (sessionId) => {
    const hashed = digest(sessionId);
    const now = clock();
    const session = read(byId, [now, now - lifetimes.SESSION_IDLE, hashed]);
    // The second read happens only if the first finds nothing: one statement for both would make every hit slower.
    if (session instanceof Promise) return session.then((some) => some ?? readPrevious(hashed, now));
    return session ?? readPrevious(hashed, now);
  };
}

function seenSession([row]: (PublicUser & { lastSeenAt: number })[]): SeenSession | null {
  return row ? { user: publicUser(row), lastSeenAt: row.lastSeenAt } : null;
}

/** Finds the user of a live session, with all stored attributes, unless the account is disabled. */
export async function findUserBySession(store: Store, sessionId: string): Promise<SeenUser | null> {
  const row = await live(store)
    .innerJoin("users", "users.id", "sessions.user_id")
    .select(userColumns)
    .select("sessions.last_seen_at as lastSeenAt")
    .where(isSession(sessionId, store.clock()))
    .where("disabled_at", "is", null)
    .executeTakeFirst();
  return row ? { ...row, sessionId, resetToken: null } : null;
}

/** Whether a session has a presented id, or had it until some seconds ago. */
export function isSession(sessionId: string, now: number) {
  const hashed = digest(sessionId);
  const [after, until] = graceOf(now);
  return ({ and, or, eb }: ExpressionBuilder<Schema, "sessions">) =>
    or([
      eb("session_id", "=", hashed),
      and([eb("previous_id", "=", hashed), eb("renewed_at", ">", after), eb("renewed_at", "<=", until)]),
    ]);
}

/** Whether a session has an id or had it before its last renewal, however long ago: the request may have begun before that. */
function wasSession(sessionId: string) {
  const hashed = digest(sessionId);
  return ({ or, eb }: ExpressionBuilder<Schema, "sessions">) =>
    or([eb("session_id", "=", hashed), eb("previous_id", "=", hashed)]);
}

/** Opens a session, all or nothing; null when the user is gone, disabled, or has another password by now. */
export async function openSession(store: Store, opening: Opening): Promise<Session | null> {
  const { userId, sessionId, verifiedHash, rehashed, replaces = [], device, notice, limit = mostSessions } = opening;
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
      .returning("known_since")
      .executeTakeFirst();
    if (!unchanged) return null;
    const again = opening.act && (await openedBefore(transaction, userId, opening.act));
    const replaced = [replaces].flat().filter((each) => each !== again?.sessionId);
    // They may be another user's, who ends these meanwhile.
    if (replaced.length > 0) await lockSessions(transaction, limit < mostSessions ? userId : 0, replaced);
    for (const each of replaced) await endSession(transaction, each);
    if (again) return again;
    const session = await insertSession(transaction, opening);
    await endOldestSessions(transaction, userId, Math.min(limit, mostSessions), sessionId);
    const told = device ? device.notice : notice;
    if (told !== undefined) {
      const login = { userId, device: device?.secret, notice: told, knownSince: unchanged.known_since };
      await noteLogin(transaction, login);
    }
    return session;
  });
}

/**
 * The session that the same act opened within the last minute. Otherwise records the act for the session about to be opened,
 * and returns null.
 */
async function openedBefore(store: Store, userId: number, { name, nonce, idFor }: OpeningAct): Promise<Session | null> {
  const before = await nonceOf(store, name);
  const sessionId = before && idFor(before);
  const row =
    sessionId &&
    (await live(store)
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
      handle: randomBytes(32).toString("base64url"),
    })
    .execute();
  return { sessionId, userId, createdAt: now, lastSeenAt: now, expiresAt, ip, userAgent };
}

/** Ends one session; false when there was none. */
export async function endSession({ db, clock }: Store, sessionId: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom("sessions").where(isSession(sessionId, clock())).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends every session of a user, of whom there are no more than `mostSessions`; returns how many there were. */
export async function endSessions(store: Store, userId: number): Promise<number> {
  const { numDeletedRows } = await store.db
    .deleteFrom("sessions")
    .where(lockedSessions(store, (row) => row("user_id", "=", userId)))
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Ends every session of a user but this one; returns how many there were. */
export async function endOtherSessions(store: Store, userId: number, sessionId: string): Promise<number> {
  const { numDeletedRows } = await store.db
    .deleteFrom("sessions")
    .where(lockedSessions(store, (row) => row("user_id", "=", userId)))
    .where("user_id", "=", userId)
    .where("session_id", "!=", digest(sessionId))
    .where((row) => row.or([row("previous_id", "is", null), row("previous_id", "!=", digest(sessionId))]))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** When the password was last given in a live session; null for never, and where there is none. */
export async function confirmedAt(store: Store, sessionId: string): Promise<number | null> {
  const session = await live(store).select("confirmed_at").where(wasSession(sessionId)).executeTakeFirst();
  return session?.confirmed_at ?? null;
}

/** A new id for a session, and the nonce from which it was derived together with the previous id. */
export interface Renewal {
  readonly renewed: string;
  readonly nonce: string;
}

/**
 * Records that the password was confirmed now, and gives the session a new id. The previous id leads to it for some seconds,
 * and a renewal by that id creates no third one.
 *
 * @returns the nonce that the session's id is derived from: of this renewal, or of the earlier one; false when it has ended
 */
export async function renewSession(
  store: Store,
  sessionId: string,
  { renewed, nonce }: Renewal,
): Promise<string | false> {
  const now = store.clock();
  const given = { confirmed_at: now, last_seen_at: now };
  const hashed = digest(sessionId);
  const { numUpdatedRows } = await store.db
    .updateTable("sessions")
    .set({ ...given, session_id: digest(renewed), previous_id: hashed, renewed_at: now, renewal_nonce: nonce })
    .where("session_id", "=", hashed)
    .where("session_id", "in", live(store).select("session_id").where("session_id", "=", hashed))
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return nonce;
  // The session was live when the request began: hashing the password may have outlasted the seconds of grace.
  const again = await store.db
    .updateTable("sessions")
    .set(given)
    .where("previous_id", "=", hashed)
    .where("session_id", "in", live(store).select("session_id").where("previous_id", "=", hashed))
    .returning("renewal_nonce")
    .executeTakeFirst();
  return again?.renewal_nonce ?? false;
}

/**
 * The nonce that the id of a live session is derived from, if it was found by its previous id; null if it was found by its
 * current one; false if there is none.
 */
export async function renewalOf(store: Store, sessionId: string): Promise<string | null | false> {
  const session = await live(store)
    .select(["session_id", "renewal_nonce"])
    .where(isSession(sessionId, store.clock()))
    .executeTakeFirst();
  if (!session) return false;
  return session.session_id === digest(sessionId) ? null : session.renewal_nonce;
}

/** A session, and the time when it was used: now, unless given. */
export type Seen = string | readonly [sessionId: string, at: number];

/** Writes when sessions were used. A session that had ended by then stays ended, and so does one that was ended since. */
export async function seeSessions(store: Store, sessions: Iterable<Seen>): Promise<void> {
  const { db, engine, clock, lifetimes } = store;
  const now = clock();
  const seen = new Map<string, number>();
  for (const each of sessions) {
    const [sessionId, at] = typeof each === "string" ? [each, now] : each;
    const id = digest(sessionId);
    seen.set(id, Math.max(seen.get(id) ?? 0, Math.min(at, now)));
  }
  if (seen.size === 0) return;
  const rows = [...seen].map(([id, at]) => ({ id, at }));
  const list = listOf(engine, { id: "text", at: "bigint" }, rows);
  const at = sql.ref<number>("seen.at");
  const locked = lockedSessions(store, () => isIn(engine, "session_id", [...seen.keys()]));
  const { created_at, ...corrected } = correctedTimes(now, at, lifetimes);
  await db
    .updateTable("sessions")
    .from(list.as("seen"))
    .set({ ...corrected, last_seen_at: at })
    .whereRef("session_id", "=", "seen.id")
    .where(locked)
    .where(({ and, or, eb }) =>
      or([
        and([
          eb("last_seen_at", "<", at),
          eb("last_seen_at", ">", sql<number>`${at} - ${lifetimes.SESSION_IDLE}`),
          eb("expires_at", ">", at),
        ]),
        eb("last_seen_at", ">", now + clockTolerance),
      ]),
    )
    .execute();
  // Apart, because SQLite rewrites the entries of an index whose column is set, even to the same value.
  await db
    .updateTable("sessions")
    .from(list.as("seen"))
    .set({ created_at })
    .whereRef("session_id", "=", "seen.id")
    .where(locked)
    .where("created_at", ">", now + clockTolerance)
    .execute();
}

/**
 * The times of a session, in which each impossible one is replaced as if the session had begun `at`: it was written while a
 * clock was wrong, and would keep the session beyond its lifetime. The others stay.
 */
function correctedTimes(now: number, at: Expression<number>, { SESSION_LIFETIME }: Store["lifetimes"]) {
  const ahead = now + clockTolerance;
  const limited = (column: "created_at" | "last_seen_at" | "expires_at", most: number, lifetime: number) =>
    sql<number>`case when ${sql.ref(column)} > ${most} then ${at} + ${lifetime} else ${sql.ref(column)} end`;
  return {
    created_at: limited("created_at", ahead, 0),
    last_seen_at: limited("last_seen_at", ahead, 0),
    expires_at: limited("expires_at", ahead + SESSION_LIFETIME, SESSION_LIFETIME),
    confirmed_at: sql<number | null>`case when confirmed_at > ${ahead} then null else confirmed_at end`,
  };
}

/** How long a nonce is kept, in milliseconds: longer than the previous id is valid, and than hashing a password takes. */
const nonceLifetime = 60_000;

/**
 * Deletes the ended among the next `limit` sessions after `from`, in the order of their keys, so that this needs no index. Also
 * deletes the nonces of old renewals, corrects times that a wrong clock wrote, and brings a user of whom most are down to
 * `mostSessions`. Returns where the next batch begins, or null at the end.
 */
export async function sweepSessions(
  store: Store,
  from: string,
  limit: number,
): Promise<{ ended: number; next: string | null }> {
  const { db, engine, clock, lifetimes } = store;
  const now = clock();
  const idle = now - lifetimes.SESSION_IDLE;
  const batch = await db
    .selectFrom("sessions")
    .select(["session_id", "user_id", "created_at", "expires_at", "last_seen_at", "confirmed_at"])
    .select(["renewed_at", "renewal_nonce"])
    .where("session_id", ">", from)
    .orderBy("session_id")
    .limit(limit)
    .execute();
  const ended = batch.filter((row) => row.expires_at <= now || row.last_seen_at <= idle).map((row) => row.session_id);
  if (ended.length > 0) {
    await db
      .deleteFrom("sessions")
      .where(isIn(engine, "session_id", ended))
      .where(lockedSessions(store, () => isIn(engine, "session_id", ended)))
      .where((row) => row.or([row("expires_at", "<=", now), row("last_seen_at", "<=", idle)]))
      .execute();
  }
  const ahead = now + clockTolerance;
  const wrong = batch.filter(
    (row) =>
      Math.max(row.created_at, row.last_seen_at, row.confirmed_at ?? 0, row.expires_at - lifetimes.SESSION_LIFETIME) >
      ahead,
  );
  if (wrong.length > 0) {
    const ids = wrong.map((row) => row.session_id);
    await db
      .updateTable("sessions")
      .set(correctedTimes(now, sql<number>`cast(${now} as bigint)`, lifetimes))
      .where(isIn(engine, "session_id", ids))
      .where(lockedSessions(store, () => isIn(engine, "session_id", ids)))
      .execute();
  }
  const over = now - nonceLifetime;
  const isOver = (renewedAt: number | null) => renewedAt === null || renewedAt <= over || renewedAt > ahead;
  const spent = batch.filter((row) => row.renewal_nonce !== null && isOver(row.renewed_at));
  if (spent.length > 0) {
    const ids = spent.map((row) => row.session_id);
    await db
      .updateTable("sessions")
      .set({ renewal_nonce: null })
      .where(isIn(engine, "session_id", ids))
      .where(lockedSessions(store, () => isIn(engine, "session_id", ids)))
      .where((row) => row.or([row("renewed_at", "<=", over), row("renewed_at", ">", ahead)]))
      .execute();
  }
  const next = batch.length < limit ? null : (batch.at(-1)?.session_id ?? null);
  const crowded = mostFrequent(batch.map((row) => row.user_id));
  const surplus = crowded === undefined ? 0 : await endSurplusSessions(store, crowded);
  return { ended: ended.length + surplus, next };
}

/**
 * The most frequent user of a batch, if there more than once. A user whom an older version left with very many sessions is the
 * most frequent one in some batch, so no index is needed to find such users.
 */
function mostFrequent(userIds: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const id of userIds) counts.set(id, (counts.get(id) ?? 0) + 1);
  const [most, count] = [...counts].reduce((one, other) => (other[1] > one[1] ? other : one), [0, 1]);
  return count > 1 ? most : undefined;
}
