import type { Command } from "commander";
import { SettingsError } from "../settings/settings-error.ts";
import { ProgressBar } from "./progress.ts";

interface CopyOptions {
  readonly from?: string;
  readonly to?: string;
}

/** Declares `copy`, which moves a service from SQLite to PostgreSQL or back. */
export function declareCopy(program: Command): void {
  program
    .command("copy")
    .description("Copy everything to another, empty database")
    .option("--from <url>", "Database to read, sqlite:FILE or postgres://…")
    .option("--to <url>", "Empty database to write, sqlite:FILE or postgres://…")
    .action(({ from, to }: CopyOptions, command: Command) => {
      // `requiredOption` would report a misspelled option as a missing one.
      if (!from || !to) command.error("error: --from and --to are required");
      if (from === to) command.error("error: --from and --to are the same database");
      return copy(from, to);
    });
}

async function copy(from: string, to: string): Promise<void> {
  await requireDatabaseUrl("--from", from);
  await requireDatabaseUrl("--to", to);
  const [{ readSettings, redactDatabaseUrl }, { openDB }] = await Promise.all([
    import("../settings/settings.ts"),
    import("../db/db.ts"),
  ]);
  await using source = await openDB(from, { settings: readSettings({ AUTO_MIGRATE: "off" }) });
  await using target = await openDB(to);
  const bar = new ProgressBar();
  let copied: Awaited<ReturnType<typeof source.copyTo>>;
  try {
    copied = await source.copyTo(target, ({ done, total }) => bar.update(done, total));
  } finally {
    bar.finish();
  }
  const counts = Object.entries(copied)
    .filter(([, count]) => count > 0)
    .map(([table, count]) => `${count} ${table.replaceAll("_", " ")}`);
  console.log(
    `copied ${counts.join(", ")} from ${redactDatabaseUrl(from)} to ${redactDatabaseUrl(to)}; checksums match`,
  );
}

/** @throws {SettingsError} if it is not a database URL, with the same reason as for DATABASE_URL */
async function requireDatabaseUrl(option: string, url: string): Promise<void> {
  const { readSettings } = await import("../settings/settings.ts");
  try {
    readSettings({ DATABASE_URL: url });
  } catch (error) {
    throw new SettingsError((error as Error).message.replace("DATABASE_URL=", `${option}=`));
  }
}
