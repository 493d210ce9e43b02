import type { Auth, BulkOperation } from "../auth/auth.ts";
import type { DB } from "../db/db.ts";
import { type Log, silent } from "../observe/log.ts";
import type { Environment, Settings } from "../settings/settings.ts";
import { readDatabaseSettings } from "./database.ts";
import { printError } from "./print-error.ts";

const print = (_: object, message: string) => printError(message);

/** A log that prints warnings and errors to standard error. */
export const standardErrorLog: Log = { ...silent, warn: print, error: print };

/** Opens the service's existing database, runs `work` and writes the audit trail. Neither creates nor migrates the database. */
export async function withAuth(environment: Environment, work: (auth: Auth, db: DB) => Promise<void>): Promise<void> {
  const settings = await readDatabaseSettings(environment);
  const [{ Auth }, { openDB }] = await Promise.all([import("../auth/auth.ts"), import("../db/db.ts")]);
  await using db = await openDB(settings.DATABASE_URL, { settings: { ...settings, AUTO_MIGRATE: "off" } });
  const auth = new Auth(db, { settings, log: standardErrorLog });
  try {
    await work(auth, db);
  } finally {
    await auth.close();
  }
}

/** Adds one audit entry for an operation on several accounts. */
export async function recordBulkOperation(
  db: DB,
  settings: Settings,
  operation: BulkOperation,
  count: number,
): Promise<void> {
  const { Auth } = await import("../auth/auth.ts");
  const auth = new Auth(db, { settings });
  auth.audit.recordBulkOperation(operation, count);
  await auth.close();
}
