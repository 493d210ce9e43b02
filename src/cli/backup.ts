import type { Command } from "commander";
import type { Environment } from "../settings/settings.ts";
import { filePath } from "./arguments.ts";
import { readDatabaseSettings } from "./database.ts";
import { CommandFailure } from "./failures.ts";
import { sanitize } from "./format.ts";
import { runInterruptible } from "./interruptible.ts";

export function declareBackup(program: Command, environment: Environment): void {
  program
    .command("backup")
    .summary("Back up the SQLite database")
    .description("Write a consistent copy of the SQLite database to a new file. The service can keep running.")
    .argument("<file>", "New file", filePath)
    .action((file: string) => backup(environment, file));
}

export function declareRestore(program: Command, environment: Environment): void {
  program
    .command("restore")
    .summary("Restore the SQLite database from a backup")
    .description(
      "Replace the SQLite database with a backup. Stop the service first. The previous database is kept next to it.",
    )
    .argument("<file>", "Backup to restore", filePath)
    .action((file: string) => restore(environment, file));
}

async function backup(environment: Environment, file: string): Promise<void> {
  const database = await readSqlitePath(environment, "pg_dump");
  const { backUp } = await import("../db/db.ts");
  await runInterruptible((signal) => backUp(database, file, signal));
  console.log(`backed up to ${sanitize(file)}; the integrity check passed`);
}

async function restore(environment: Environment, file: string): Promise<void> {
  const database = await readSqlitePath(environment, "pg_restore");
  const { restore } = await import("../db/db.ts");
  const { path, kept } = await runInterruptible((signal) => restore(file, database, signal));
  const previous = kept === undefined ? "" : `; the previous database is now ${sanitize(kept)}`;
  console.log(`restored ${sanitize(path)}${previous}`);
}

/**
 * @param alternative the program for PostgreSQL
 * @throws {CommandFailure} for any other database
 */
async function readSqlitePath(environment: Environment, alternative: string): Promise<string> {
  const { sqliteFileOf } = await import("../settings/settings.ts");
  const path = sqliteFileOf((await readDatabaseSettings(environment)).DATABASE_URL);
  if (path !== undefined) return path;
  throw new CommandFailure(`this command is for SQLite only; for PostgreSQL use ${alternative} (docs/backup.md)`);
}
