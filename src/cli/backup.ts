import { parseArgs } from "node:util";
import type { Environment } from "../settings/settings.ts";
import { type Command, Refused, UsageError } from "./command.ts";
import { databaseSettings } from "./database.ts";
import { interruptible } from "./interruptible.ts";
import { plain } from "./table.ts";

/** A copy of the embedded database, while the service runs. */
export const backup: Command = {
  summary: "write a consistent copy of the embedded database to a new file, while the service runs",
  usage: "backup FILE",
  async run(args, environment) {
    const file = onlyFile(args);
    const database = await embedded(environment, "backed up", "pg_dump");
    const { backUp } = await import("../db/db.ts");
    await interruptible((signal) => backUp(database, file, signal));
    console.log(`backed up to ${plain(file)}; its integrity is checked`);
  },
};

/** The way back. */
export const restore: Command = {
  summary: "put a backup in the place of the embedded database, which is kept beside it",
  usage: "restore FILE (with the service stopped)",
  async run(args, environment) {
    const file = onlyFile(args);
    const database = await embedded(environment, "restored", "pg_restore");
    const { restore } = await import("../db/db.ts");
    const { path, kept } = await interruptible((signal) => restore(file, database, signal));
    console.log(`restored ${plain(path)}${kept === undefined ? "" : `; what was there is now ${plain(kept)}`}`);
  },
};

function onlyFile(args: string[]): string {
  const { positionals } = parseArgs({ args, allowPositionals: true });
  const [file] = positionals;
  if (!file || positionals.length > 1) throw new UsageError();
  return file;
}

/** @throws {Refused} for a database that is no file */
async function embedded(environment: Environment, done: string, program: string): Promise<string> {
  const { sqliteFileOf } = await import("../settings/settings.ts");
  const file = sqliteFileOf((await databaseSettings(environment)).DATABASE_URL);
  if (file !== undefined) return file;
  throw new Refused(`only an SQLite file is ${done} like this; for PostgreSQL use ${program} (docs/backup.md)`);
}
