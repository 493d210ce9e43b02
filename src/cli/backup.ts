import { backUp, embeddedFile, restore as restoreFile } from "../db/db.ts";
import { type Environment, readSettings } from "../settings.ts";
import { type Command, UsageError } from "./command.ts";

/** A copy of the embedded database, while the service runs. */
export const backup: Command = {
  summary: "write a consistent copy of the embedded database to a new file, while the service runs",
  usage: "backup FILE",
  async run(args, environment) {
    const file = onlyFile(args);
    backUp(embedded(environment), file);
    console.log(`backed up to ${file}; its integrity is checked`);
  },
};

/** The way back. */
export const restore: Command = {
  summary: "put a backup in the place of the embedded database, which is kept beside it",
  usage: "restore FILE (with the service stopped)",
  async run(args, environment) {
    const database = embedded(environment);
    const kept = restoreFile(onlyFile(args), database);
    console.log(`restored ${database}${kept ? `; what was there is now ${kept}` : ""}`);
  },
};

function onlyFile(args: string[]): string {
  const [file] = args;
  if (file === undefined || args.length > 1 || file.startsWith("-")) throw new UsageError();
  return file;
}

function embedded(environment: Environment): string {
  const file = embeddedFile(readSettings(environment).DATABASE_URL);
  if (file !== undefined) return file;
  throw new Error("only an SQLite file is backed up like this; for PostgreSQL use pg_dump (docs/backup.md)");
}
