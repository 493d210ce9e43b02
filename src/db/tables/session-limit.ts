import { setImmediate as nextTurn } from "node:timers/promises";
import { sql } from "kysely";
import { emailKey } from "../../values/email.ts";
import { digest } from "../digest.ts";
import { lockSessionsInOrder, sessionCondition } from "../locks.ts";
import type { Store } from "../store.ts";

/**
 * The most sessions that a user can have. Whatever reads or ends all sessions of a user relies on it: more rows than this would
 * hold up every other request.
 */
export const maxSessions = 1000;

/** How many rows over the limit one statement looks at, and ends: some milliseconds. */
const batchSize = 500;

/**
 * Ends sessions of a user over the limit: expired ones first, then the oldest. It looks at the newest 1,500 only: a user with
 * more, from before there was a limit, comes down to it step by step.
 *
 * @param limit how many may stay, at most `maxSessions`
 * @param kept the id of a session that stays in any case, and counts
 * @returns how many it ended
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
  const place = sql<number>`row_number() over(order by "live" desc, "created_at" desc, "session_id" desc)`;
  const ranked = db
    .selectFrom(newest.as("newest"))
    .select(["session_id", place.as("place")])
    .where("session_id", "!=", own)
    .where(sql<boolean>`("previous_id" is null or "previous_id" != ${own})`);
  const surplus = db
    .selectFrom(ranked.as("ranked"))
    .select("session_id")
    .where("place", ">", kept === undefined ? limit : limit - 1);
  const isSurplus = sessionCondition("session_id", "in", surplus);
  const deletion = db.deleteFrom("sessions");
  const { numDeletedRows } = await (engine.locksRows ? deletion : deletion.where(isSurplus))
    .where(lockSessionsInOrder(store, isSurplus))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/**
 * Brings a user down to `maxSessions`, where an older version left more: in batches, so that other requests go on between them.
 *
 * @param kept the id of a session that stays in any case
 * @returns how many sessions it ended
 */
export async function endSurplusSessions(store: Store, userId: number, kept?: string): Promise<number> {
  for (let all = 0; ; await nextTurn()) {
    const some = await endOldestSessions(store, userId, maxSessions, kept);
    all += some;
    if (some < batchSize) return all;
  }
}

/** Does the same for the account of an address, if there is one. */
export async function endSurplusSessionsByEmail(store: Store, email: string): Promise<void> {
  const user = await store.db.selectFrom("users").select("id").where("email", "=", emailKey(email)).executeTakeFirst();
  if (user) await endSurplusSessions(store, user.id);
}
