import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Environment, Settings } from "../settings/settings.ts";
import { CommandFailure } from "./failures.ts";
import { printError } from "./print-error.ts";

/**
 * Reads the settings of a command that uses the service's database. Prints the database and the mode to standard error if
 * DATABASE_URL is unset, because the service may use others, and always at a terminal. Passwords are not printed.
 *
 * @throws {SettingsError} if a setting is wrong
 * @throws {CommandFailure} for an in-memory database, which no other process can see
 */
export async function readDatabaseSettings(environment: Environment): Promise<Settings> {
  const { readSettings } = await import("../settings/settings.ts");
  const settings = readSettings(environment);
  const { DATABASE_URL, NODE_ENV } = settings;
  if (DATABASE_URL === "sqlite::memory:") {
    throw new CommandFailure(
      "an in-memory database is invisible to other processes; set DATABASE_URL to a file or a server",
    );
  }
  const unset = ["DATABASE_URL", "NODE_ENV"].filter((name) => !environment[name]);
  const database = `${await describeDatabase(DATABASE_URL)} in ${NODE_ENV} mode`;
  if (unset.includes("DATABASE_URL")) {
    printError(`DATABASE_URL is not set: using ${database}; set ${unset.join(" and ")} as the service does`);
  } else if (process.stderr.isTTY) {
    printError(`using ${database}`);
  }
  return settings;
}

/** Returns the absolute path of an SQLite file, which a relative one does not reveal, or a URL without its password. */
async function describeDatabase(url: string): Promise<string> {
  const { sqliteFileOf, redactDatabaseUrl } = await import("../settings/settings.ts");
  const file = sqliteFileOf(url);
  if (file === undefined) return redactDatabaseUrl(url);
  return `${resolve(file)}${existsSync(file) ? "" : " (does not exist)"}`;
}
