import type { Store } from "./engine-store.ts";
import { getCurrentEngine } from "./engines.ts";

interface ManySessions {
  readonly userId: number;
  readonly count: number;
  /** Milliseconds between the creation of one session and the next; 0 creates all at the same time. */
  readonly interval?: number;
  /** When the first session was created, in milliseconds relative to now. A day ago by default. */
  readonly firstCreated?: number;
  /** Milliseconds since each session was last used; 0 by default. */
  readonly unusedFor?: number;
}

/**
 * Inserts sessions of one user without handles, as an older version did. Their hashes are `created 1` (the oldest),
 * `created 2` and so on.
 */
export async function insertManySessions(
  store: Store,
  { userId, count, interval = 1, firstCreated = -86_400_000, unusedFor = 0 }: ManySessions,
): Promise<void> {
  const now = store.clock.now();
  // Checking the foreign key of each row would take half of the time. In the replica role, PostgreSQL skips the check.
  const [begin, end] =
    getCurrentEngine() === "postgres" ? ["begin; set local session_replication_role = replica;", "; commit"] : ["", ""];
  await store.run(`${begin} insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at)
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})
    select 'created ' || i, ${userId}, ${now + firstCreated} + i * ${interval}, ${now - unusedFor}, ${now + 86_400_000} from n${end}`);
}

/** Returns the numbers of the inserted sessions that still exist, in ascending order. */
export async function listInsertedSessions(store: Store): Promise<number[]> {
  const rows = await store.run("select session_id from sessions where session_id like 'created %'");
  return rows.map(({ session_id }) => Number(String(session_id).slice("created ".length))).sort((a, b) => a - b);
}
