import type { Store } from "./engine-store.ts";
import { currentEngine } from "./engines.ts";

/** When the first session was opened, in milliseconds from now. */
const past = -86_400_000;

interface ManySessions {
  readonly userId: number;
  readonly count: number;
  /** The milliseconds from one session to the next; with 0 all are opened at the same time. */
  readonly interval?: number;
  /** When the first session was opened, in milliseconds from now. */
  readonly from?: number;
  /** How many milliseconds ago each was last used; 0 by default. */
  readonly unusedFor?: number;
}

/** Inserts many sessions of a user as an older version did, without handles. Their hashes are `crowd N`; the oldest is 1. */
export async function insertManySessions(
  store: Store,
  { userId, count, interval: every = 1, from = past, unusedFor = 0 }: ManySessions,
): Promise<void> {
  const now = store.clock.now();
  // The foreign key check of each row takes half of the time. PostgreSQL skips it in the role of a replica.
  const [begin, end] =
    currentEngine() === "postgres" ? ["begin; set local session_replication_role = replica;", "; commit"] : ["", ""];
  await store.run(`${begin} insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at)
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})
    select 'crowd ' || i, ${userId}, ${now + from} + i * ${every}, ${now - unusedFor}, ${now + 86_400_000} from n${end}`);
}

/** Returns the numbers of the remaining sessions of a crowd, in ascending order. */
export async function listInsertedSessions(store: Store): Promise<number[]> {
  const rows = await store.run("select session_id from sessions where session_id like 'crowd %'");
  return rows.map(({ session_id }) => Number(String(session_id).slice("crowd ".length))).sort((a, b) => a - b);
}
