import { sql } from "kysely";
import { clockTolerance } from "../values/clock-tolerance.ts";
import { tables } from "./schema.ts";
import type { Store } from "./store.ts";
import { sweep as sweepEvents } from "./tables/audit.ts";
import { sweep as sweepDevices } from "./tables/devices.ts";
import { sweep as sweepFailedMails } from "./tables/failed-mails.ts";
import { sweep as sweepFormerEmails } from "./tables/former-emails.ts";
import { sweep as sweepResults } from "./tables/idempotency.ts";
import { sweep as sweepAttempts } from "./tables/limits.ts";
import { sweep as sweepMails } from "./tables/outbox.ts";
import { sweep as sweepVerifications } from "./tables/verify-email.ts";

const sweeps = {
  acts: sweepResults,
  attempts: (store: Store, _: number, limit: number) => sweepAttempts(store, limit),
  devices: sweepDevices,
  events: sweepEvents,
  formerEmails: sweepFormerEmails,
  failedMails: sweepFailedMails,
  mails: sweepMails,
  verifications: sweepVerifications,
} as const;

/** The kinds of rows that `deleteOld` deletes. */
export type SweepKind = keyof typeof sweeps;

/**
 * Deletes at most `limit` rows of one kind: rows that have expired or are older than `before`. Returns the number of deleted
 * rows.
 */
export function deleteOld(store: Store, kind: SweepKind, before: number, limit: number): Promise<number> {
  return sweeps[kind](store, before, limit);
}

/** The columns that determine the age of a row. Only a node with a wrong clock stores future times in them. */
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
 * Sets future times to the current time, in at most `limit` rows per column. Rows with future times would be kept for too long.
 * Returns the number of corrected times.
 */
export async function correctFutureTimes({ db, clock }: Store, limit: number): Promise<number> {
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
