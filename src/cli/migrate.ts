import type { Command } from "commander";
import type { Environment } from "../settings/settings.ts";
import { readDatabaseSettings } from "./database.ts";
import { standardErrorLog } from "./with-auth.ts";

/** Declares `migrate`, for operators who run with AUTO_MIGRATE=off and migrate before they deploy a new version. */
export function declareMigrate(program: Command, environment: Environment): void {
  program
    .command("migrate")
    .description("Update the database to this version's schema")
    .option("--status", "List applied and pending migrations without migrating")
    .action((options: { status?: true }) => migrate(environment, options));
}

async function migrate(environment: Environment, { status }: { status?: true }): Promise<void> {
  const settings = await readDatabaseSettings(environment);
  const { readMigrationStates, openDB } = await import("../db/db.ts");
  if (!status) {
    const migrating = { ...settings, AUTO_MIGRATE: "on" } as const;
    await (await openDB(settings.DATABASE_URL, { settings: migrating, log: standardErrorLog })).close();
  }
  for (const { name, state } of await readMigrationStates(settings.DATABASE_URL)) {
    console.log(`${state.padEnd(8)} ${name}`);
  }
}
