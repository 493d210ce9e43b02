import { parseArgs } from "node:util";
import type { Command } from "./command.ts";
import { databaseSettings } from "./database.ts";
import { standardError } from "./operator.ts";

/** For those who migrate before they roll a new version out, with AUTO_MIGRATE=off. */
export const migrate: Command = {
  summary: "bring the database to this version's schema, or tell what that would do",
  usage: "migrate [--status]",
  async run(args, environment) {
    const { values } = parseArgs({ args, options: { status: { type: "boolean" } } });
    const settings = await databaseSettings(environment);
    const { migrationStatus, openDB } = await import("../db/db.ts");
    if (!values.status) {
      const migrating = { ...settings, AUTO_MIGRATE: "on" } as const;
      await (await openDB(settings.DATABASE_URL, { settings: migrating, log: standardError })).close();
    }
    for (const { name, state } of await migrationStatus(settings.DATABASE_URL))
      console.log(`${state.padEnd(8)} ${name}`);
  },
};
