import type { Store } from "./engine-store.ts";
import { currentEngine } from "./engines.ts";

/** When the first of a crowd was opened, against the present. */
const past = -86_400_000;

interface Crowd {
  readonly userId: number;
  readonly count: number;
  /** Milliseconds from one session to the next; 0 opens all at once. */
  readonly every?: number;
  /** When the first one was opened, against now. */
  readonly from?: number;
  /** How long ago each was used last; by default it was just now. */
  readonly unusedFor?: number;
}

/** Opens very many sessions of a user as an older version did: without handles. The SHA-256 of each is `crowd N`, the oldest 1. */
export async function createCrowd(
  store: Store,
  { userId, count, every = 1, from = past, unusedFor = 0 }: Crowd,
): Promise<void> {
  const now = store.clock.now();
  // PostgreSQL looks for the user of each row, which takes half of the time. It does not as a replica.
  const [begin, end] =
    currentEngine() === "postgres" ? ["begin; set local session_replication_role = replica;", "; commit"] : ["", ""];
  await store.run(`${begin} insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at)
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})
    select 'crowd ' || i, ${userId}, ${now + from} + i * ${every}, ${now - unusedFor}, ${now + 86_400_000} from n${end}`);
}

/** The numbers of those of a crowd that are left, in ascending order. */
export async function listCrowd(store: Store): Promise<number[]> {
  const rows = await store.run("select session_id from sessions where session_id like 'crowd %'");
  return rows.map(({ session_id }) => Number(String(session_id).slice("crowd ".length))).sort((a, b) => a - b);
}
