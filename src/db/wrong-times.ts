import { sql } from "kysely";
import { clockTolerance } from "../clock-tolerance.ts";
import { tables } from "./schema.ts";
import type { Store } from "./store.ts";

/** When something was, by which it grows old: nothing but a clock that was wrong puts it ahead of now. */
const times = [
  ["devices", "created_at"],
  ["devices", "last_seen_at"],
  ["events", "at"],
  ["outbox", "created_at"],
  ["verifications", "created_at"],
] as const;

/** Dates at most `limit` rows of each kind now that are dated ahead of it, or they would be kept for too long; returns how many. */
export async function correctTimes({ db, clock }: Store, limit: number): Promise<number> {
  const now = clock();
  let corrected = 0;
  for (const [name, column] of times) {
    const [table, time, key] = [sql.table(name), sql.ref(column), sql.ref(tables[name])];
    const ahead = sql`select ${key} from ${table} where ${time} > ${now + clockTolerance} limit ${sql.lit(limit)}`;
    const { numAffectedRows } = await sql`update ${table} set ${time} = ${now} where ${key} in (${ahead})`.execute(db);
    corrected += Number(numAffectedRows);
  }
  return corrected;
}
