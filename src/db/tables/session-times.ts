import { type Expression, sql } from "kysely";
import { clockTolerance } from "../../values/clock-tolerance.ts";
import { digest } from "../digest.ts";
import { isIn, jsonTable } from "../lists.ts";
import { lockSessionsInOrder } from "../locks.ts";
import type { Store } from "../store.ts";
import { endSurplusSessions } from "./session-limit.ts";

/** The id of a session, and when it was used (default: now). */
export type SessionUse = string | readonly [sessionId: string, at: number];

/** Updates the time of the last use of sessions, unless they had already expired at that time. */
export async function recordUse(store: Store, sessions: Iterable<SessionUse>): Promise<void> {
  const { db, engine, clock, lifetimes } = store;
  const now = clock();
  const uses = new Map<string, number>();
  for (const each of sessions) {
    const [sessionId, at] = typeof each === "string" ? [each, now] : each;
    const id = digest(sessionId);
    uses.set(id, Math.max(uses.get(id) ?? 0, Math.min(at, now)));
  }
  if (uses.size === 0) return;
  const rows = [...uses].map(([id, at]) => ({ id, at }));
  const list = jsonTable(engine, { id: "text", at: "bigint" }, rows);
  const at = sql.ref<number>("uses.at");
  const locked = lockSessionsInOrder(store, isIn(engine, "session_id", [...uses.keys()]));
  const { created_at, ...corrected } = correctTimes(now, at, lifetimes);
  await db
    .updateTable("sessions")
    .from(list.as("uses"))
    .set({ ...corrected, last_seen_at: at })
    .whereRef("session_id", "=", "uses.id")
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
  // This is a separate statement, because SQLite rewrites index entries even if a column is set to the same value.
  await db
    .updateTable("sessions")
    .from(list.as("uses"))
    .set({ created_at })
    .whereRef("session_id", "=", "uses.id")
    .where(locked)
    .where("created_at", ">", now + clockTolerance)
    .execute();
}

/**
 * Returns column updates that replace the impossible times of a session, as if the session had begun `at`. Only a wrong clock
 * stores such times, and they would keep the session beyond its lifetime.
 */
function correctTimes(now: number, at: Expression<number>, { SESSION_LIFETIME }: Store["lifetimes"]) {
  const ahead = now + clockTolerance;
  const correct = (column: "created_at" | "last_seen_at" | "expires_at", max: number, lifetime: number) =>
    sql<number>`case when ${sql.ref(column)} > ${max} then ${at} + ${lifetime} else ${sql.ref(column)} end`;
  return {
    created_at: correct("created_at", ahead, 0),
    last_seen_at: correct("last_seen_at", ahead, 0),
    expires_at: correct("expires_at", ahead + SESSION_LIFETIME, SESSION_LIFETIME),
    confirmed_at: sql<number | null>`case when confirmed_at > ${ahead} then null else confirmed_at end`,
  };
}

/**
 * How long a nonce is kept, in milliseconds. A nonce is needed while the previous id is valid, and while a request hashes a
 * password.
 */
const nonceLifetime = 60_000;

/**
 * Sweeps the next `limit` sessions after the key `from`. Ordering by key needs no additional index. The sweep:
 *
 * - deletes expired sessions
 * - deletes the nonces of old renewals
 * - corrects times that a wrong clock wrote
 * - enforces `maxSessions` for the user with the most sessions in the batch
 *
 * @returns the number of ended sessions, and the `from` of the next batch; null after the last batch
 */
export async function sweep(
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
  const endedIds = batch
    .filter((row) => row.expires_at <= now || row.last_seen_at <= idle)
    .map((row) => row.session_id);
  if (endedIds.length > 0) {
    await db
      .deleteFrom("sessions")
      .where(isIn(engine, "session_id", endedIds))
      .where(lockSessionsInOrder(store, isIn(engine, "session_id", endedIds)))
      .where((row) => row.or([row("expires_at", "<=", now), row("last_seen_at", "<=", idle)]))
      .execute();
  }
  const ahead = now + clockTolerance;
  const wrongRows = batch.filter(
    (row) =>
      Math.max(row.created_at, row.last_seen_at, row.confirmed_at ?? 0, row.expires_at - lifetimes.SESSION_LIFETIME) >
      ahead,
  );
  if (wrongRows.length > 0) {
    const ids = wrongRows.map((row) => row.session_id);
    await db
      .updateTable("sessions")
      .set(correctTimes(now, sql<number>`cast(${now} as bigint)`, lifetimes))
      .where(isIn(engine, "session_id", ids))
      .where(lockSessionsInOrder(store, isIn(engine, "session_id", ids)))
      .execute();
  }
  const oldest = now - nonceLifetime;
  const isOld = (renewedAt: number | null) => renewedAt === null || renewedAt <= oldest || renewedAt > ahead;
  const oldNonces = batch.filter((row) => row.renewal_nonce !== null && isOld(row.renewed_at));
  if (oldNonces.length > 0) {
    const ids = oldNonces.map((row) => row.session_id);
    await db
      .updateTable("sessions")
      .set({ renewal_nonce: null })
      .where(isIn(engine, "session_id", ids))
      .where(lockSessionsInOrder(store, isIn(engine, "session_id", ids)))
      .where((row) => row.or([row("renewed_at", "<=", oldest), row("renewed_at", ">", ahead)]))
      .execute();
  }
  const next = batch.length < limit ? null : (batch.at(-1)?.session_id ?? null);
  const userId = findMostFrequent(batch.map((row) => row.user_id));
  const surplus = userId === undefined ? 0 : await endSurplusSessions(store, userId);
  return { ended: endedIds.length + surplus, next };
}

/**
 * Returns the most frequent user of a batch, if the user has more than one session in it. A user whom an older version left with
 * too many sessions is the most frequent user of some batch, so no index is needed to find such users.
 */
function findMostFrequent(userIds: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const id of userIds) counts.set(id, (counts.get(id) ?? 0) + 1);
  const [userId, count] = [...counts].reduce((one, other) => (other[1] > one[1] ? other : one), [0, 1]);
  return count > 1 ? userId : undefined;
}
