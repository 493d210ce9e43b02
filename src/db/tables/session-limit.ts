import { setImmediate as nextTurn } from "node:timers/promises";
import { sql } from "kysely";
import { emailKey } from "../../values/email.ts";
import { digest } from "../digest.ts";
import { lockSessionsInOrder, sessionCondition } from "../locks.ts";
import type { Store } from "../store.ts";

/**
 * The maximum number of sessions per user. It bounds the work of statements that read or end all sessions of a user. Without a
 * bound, they would block other requests.
 */
export const maxSessions = 1000;

/** The maximum number of sessions that one statement ends. A batch takes a few milliseconds. */
const batchSize = 500;

/**
 * Ends the sessions of a user that exceed the limit: expired ones first, then the oldest. Reads only the newest 1,500 sessions.
 * If an older version left more, several calls are needed.
 *
 * @param limit the number of sessions to keep, at most `maxSessions`
 * @param kept the id of a session that is kept in any case, and counts toward the limit
 * @returns the number of ended sessions
 */
export async function endOldestSessions(
  store: Store,
  userId: number,
  limit = maxSessions,
  kept?: string,
): Promise<number> {
  const { db, engine, clock, lifetimes } = store;
  const now = clock();
  const own = kept === undefined ? "" : digest(kept);
  const isLive = sql<number>`case when ("expires_at" > ${now} and "last_seen_at" > ${now - lifetimes.SESSION_IDLE})
    then 1 else 0 end`;
  const newest = db
    .selectFrom("sessions")
    .select(["session_id", "previous_id", "created_at", isLive.as("live")])
    .where("user_id", "=", userId)
    .orderBy("created_at", "desc")
    .orderBy("session_id", "desc")
    .limit(maxSessions + batchSize);
  const rank = sql<number>`row_number() over(order by "live" desc, "created_at" desc, "session_id" desc)`;
  const ranked = db
    .selectFrom(newest.as("newest"))
    .select(["session_id", rank.as("rank")])
    .where("session_id", "!=", own)
    .where(sql<boolean>`("previous_id" is null or "previous_id" != ${own})`);
  const surplus = db
    .selectFrom(ranked.as("ranked"))
    .select("session_id")
    .where("rank", ">", kept === undefined ? limit : limit - 1);
  const isSurplus = sessionCondition("session_id", "in", surplus);
  const deletion = db.deleteFrom("sessions");
  const { numDeletedRows } = await (engine.locksRows ? deletion : deletion.where(isSurplus))
    .where(lockSessionsInOrder(store, isSurplus))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/**
 * Ends the sessions of a user that exceed `maxSessions`. Only an older version could open so many. Works in batches, so that
 * other requests run between them.
 *
 * @param kept the id of a session that is kept in any case
 * @returns the number of ended sessions
 */
export async function endSurplusSessions(store: Store, userId: number, kept?: string): Promise<number> {
  for (let total = 0; ; await nextTurn()) {
    const ended = await endOldestSessions(store, userId, maxSessions, kept);
    total += ended;
    if (ended < batchSize) return total;
  }
}

/** Like `endSurplusSessions`, for the account with this address, if one exists. */
export async function endSurplusSessionsByEmail(store: Store, email: string): Promise<void> {
  const user = await store.db.selectFrom("users").select("id").where("email", "=", emailKey(email)).executeTakeFirst();
  if (user) await endSurplusSessions(store, user.id);
}
