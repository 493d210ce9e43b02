import { sql } from "kysely";
import { clockTolerance } from "../values/clock-tolerance.ts";
import { tables } from "./schema.ts";
import type { Store } from "./store.ts";

/** Times from which the age of a row is counted: only a wrong clock puts one ahead of now. */
const times = [
  ["devices", "created_at"],
  ["devices", "last_seen_at"],
  ["events", "at"],
  ["former_emails", "left_at"],
  ["failed_mails", "failed_at"],
  ["outbox", "created_at"],
  ["verifications", "created_at"],
] as const;

/**
 * Sets times that are ahead of now to now, in at most `limit` rows of each kind, because those rows would be kept for too long;
 * returns how many.
 */
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
