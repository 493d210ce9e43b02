import { parseArgs } from "node:util";
import { SettingsError } from "../settings/settings-error.ts";
import { type Command, UsageError } from "./command.ts";
import { ProgressBar } from "./progress.ts";

/** Moves house: from the embedded database to PostgreSQL, or back. */
export const copy: Command = {
  summary: "copy everything to another, empty database",
  usage: "copy --from sqlite:FILE --to postgres://… (or the other way round)",
  async run(args) {
    const { values } = parseArgs({ args, options: { from: { type: "string" }, to: { type: "string" } } });
    if (!values.from || !values.to || values.from === values.to) throw new UsageError();
    await requireDatabase("--from", values.from);
    await requireDatabase("--to", values.to);
    const [{ readSettings, redactDatabaseUrl }, { openDB }] = await Promise.all([
      import("../settings/settings.ts"),
      import("../db/db.ts"),
    ]);
    await using source = await openDB(values.from, { settings: readSettings({ AUTO_MIGRATE: "off" }) });
    await using target = await openDB(values.to);
    const bar = new ProgressBar();
    try {
      const copied = await source.copyTo(target, ({ done, total }) => bar.show(done, total));
      bar.end();
      const rows = Object.entries(copied)
        .filter(([, count]) => count > 0)
        .map(([table, count]) => `${count} ${table.replaceAll("_", " ")}`);
      console.log(
        `copied ${rows.join(", ")} from ${redactDatabaseUrl(values.from)} to ${redactDatabaseUrl(values.to)}; checksums agree`,
      );
    } catch (error) {
      bar.end();
      throw error;
    }
  },
};

/** Refuses what is not a database URL, with the message that DATABASE_URL gets. */
async function requireDatabase(option: string, url: string): Promise<void> {
  const { readSettings } = await import("../settings/settings.ts");
  try {
    readSettings({ DATABASE_URL: url });
  } catch (error) {
    throw new SettingsError((error as Error).message.replace("DATABASE_URL=", `${option}=`));
  }
}
