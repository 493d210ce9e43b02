import type { Auth, Operation } from "../auth/auth.ts";
import type { DB } from "../db/db.ts";
import { type Log, silent } from "../observe/log.ts";
import type { Environment, Settings } from "../settings/settings.ts";
import type { PublicUser } from "../user.ts";
import { Refused, UsageError } from "./command.ts";
import { databaseSettings } from "./database.ts";
import { plain } from "./table.ts";

const tell = (_: object, message: string) => console.error(`bienvenue: ${message}`);

/** A log for the person who runs a command: warnings and errors, on standard error. */
export const standardError: Log = { ...silent, warn: tell, error: tell };

/** Hands an operator the accounts of the service that has these settings, and writes the audit trail at the end. */
export async function operating(environment: Environment, work: (auth: Auth, db: DB) => Promise<void>): Promise<void> {
  const settings = await databaseSettings(environment);
  const [{ Auth }, { openDB }] = await Promise.all([import("../auth/auth.ts"), import("../db/db.ts")]);
  // Nobody wants a new database, or another schema, who only asks for an account.
  await using db = await openDB(settings.DATABASE_URL, { settings: { ...settings, AUTO_MIGRATE: "off" } });
  const auth = new Auth(db, { settings, log: standardError });
  try {
    await work(auth, db);
  } finally {
    await auth.close();
  }
}

/** Takes note in the audit trail of what was done to so many accounts at once. */
export async function note(db: DB, settings: Settings, operation: Operation, many: number): Promise<void> {
  const { Auth } = await import("../auth/auth.ts");
  const auth = new Auth(db, { settings });
  auth.audit.recordOperation(operation, many);
  await auth.close();
}

/**
 * The account that an operator means, by id or address.
 *
 * @throws {Refused} when there is none
 */
export async function named(auth: Auth, who: string | undefined): Promise<PublicUser> {
  if (who === undefined) throw new UsageError();
  const user = await auth.admin.find(/^\d+$/.test(who) ? Number(who) : who);
  if (user) return user;
  throw new Refused(`there is no account ${plain(who)}`);
}

/** A whole number of an option. */
export function whole(text: string | undefined, standard: number, least: number, most: number): number {
  if (text === undefined) return standard;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError();
}
