import { setImmediate as turn } from "node:timers/promises";
import { emailKey } from "../../values/email.ts";
import { digest } from "../digest.ts";
import { lockedSessions } from "../locks.ts";
import type { Store } from "../store.ts";

/**
 * The most sessions that a user can have. Whatever reads or ends all sessions of a user relies on it: more rows than this would
 * hold up every other request.
 */
export const mostSessions = 1000;

/** How many rows over the limit one statement looks at, and ends: some milliseconds. */
const surplusAtOnce = 500;

/**
 * Ends sessions of a user over the limit: expired ones first, then the oldest. It looks at the newest 1,500 only: a user with more,
 * from before there was a limit, comes down to it step by step.
 *
 * @param limit how many may stay, at most `mostSessions`
 * @param kept the id of a session that stays in any case, and counts
 * @returns how many it ended
 */
export async function endOldestSessions(
  store: Store,
  userId: number,
  limit = mostSessions,
  kept?: string,
): Promise<number> {
  const { db, clock, lifetimes } = store;
  const now = clock();
  const own = kept === undefined ? "" : digest(kept);
  const newest = db
    .selectFrom("sessions")
    .select(["session_id", "previous_id", "created_at"])
    .select((row) =>
      row
        .case()
        .when(row.and([row("expires_at", ">", now), row("last_seen_at", ">", now - lifetimes.SESSION_IDLE)]))
        .then(row.lit(1))
        .else(row.lit(0))
        .end()
        .as("live"),
    )
    .where("user_id", "=", userId)
    .orderBy("created_at", "desc")
    .orderBy("session_id", "desc")
    .limit(mostSessions + surplusAtOnce);
  const ranked = db
    .selectFrom(newest.as("newest"))
    .select("session_id")
    .select((row) =>
      row.fn
        .agg<number>("row_number")
        .over((over) => over.orderBy("live", "desc").orderBy("created_at", "desc").orderBy("session_id", "desc"))
        .as("place"),
    )
    .where("session_id", "!=", own)
    .where((row) => row.or([row("previous_id", "is", null), row("previous_id", "!=", own)]));
  const surplus = db
    .selectFrom(ranked.as("ranked"))
    .select("session_id")
    .where("place", ">", kept === undefined ? limit : limit - 1);
  const { numDeletedRows } = await db
    .deleteFrom("sessions")
    .$if(!store.engine.locksRows, (query) => query.where("session_id", "in", surplus))
    .where(lockedSessions(store, (row) => row("session_id", "in", surplus)))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/**
 * Brings a user down to `mostSessions`, where an older version left more: in batches, so that other requests go on between them.
 *
 * @param kept the id of a session that stays in any case
 * @returns how many sessions it ended
 */
export async function endSurplusSessions(store: Store, userId: number, kept?: string): Promise<number> {
  for (let all = 0; ; await turn()) {
    const some = await endOldestSessions(store, userId, mostSessions, kept);
    all += some;
    if (some < surplusAtOnce) return all;
  }
}

/** Does the same for the account of an address, if there is one. */
export async function endSurplusSessionsOf(store: Store, email: string): Promise<void> {
  const user = await store.db.selectFrom("users").select("id").where("email", "=", emailKey(email)).executeTakeFirst();
  if (user) await endSurplusSessions(store, user.id);
}
