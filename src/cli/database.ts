import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Environment, Settings } from "../settings/settings.ts";
import { Refused } from "./command.ts";
import { plain } from "./table.ts";

/**
 * Reads the settings of a command that uses the service's database. A shell without the service's environment would use another
 * database and mode than the service, so standard error says which, without a password. At a terminal it always does.
 *
 * @throws {SettingsError} when a setting is wrong
 * @throws {Refused} for a database in memory, which no other process can see
 */
export async function databaseSettings(environment: Environment): Promise<Settings> {
  const { readSettings } = await import("../settings/settings.ts");
  const settings = readSettings(environment);
  const { DATABASE_URL, NODE_ENV } = settings;
  if (DATABASE_URL === "sqlite::memory:") {
    throw new Refused("a database in memory is seen by no other process; name a file or a server in DATABASE_URL");
  }
  const names = ["DATABASE_URL", "NODE_ENV"].filter((name) => !environment[name]);
  const isDefault = names.includes("DATABASE_URL");
  if (isDefault || process.stderr.isTTY) {
    const remedy = isDefault
      ? `; set ${names.join(" and ")} as the service has ${names.length > 1 ? "them" : "it"}`
      : "";
    const why = isDefault ? "DATABASE_URL is not set, so this uses" : "using";
    console.error(`bienvenue: ${why} ${plain(await described(DATABASE_URL))} in ${NODE_ENV} mode${remedy}`);
  }
  return settings;
}

/** The full path of a file: a relative one depends on the folder that the command runs in. */
async function described(url: string): Promise<string> {
  const { sqliteFileOf, redactDatabaseUrl } = await import("../settings/settings.ts");
  const file = sqliteFileOf(url);
  if (file === undefined) return redactDatabaseUrl(url);
  return `${resolve(file)}${existsSync(file) ? "" : " (which is not there)"}`;
}
