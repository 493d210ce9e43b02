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
    const { readSettings, redacted } = await import("../settings/settings.ts");
    for (const option of ["from", "to"] as const) {
      try {
        readSettings({ DATABASE_URL: values[option] });
      } catch (error) {
        // The message that DATABASE_URL gets.
        throw new SettingsError((error as Error).message.replace("DATABASE_URL=", `--${option}=`));
      }
    }
    const { openDB } = await import("../db/db.ts");
    await using source = await openDB(values.from, { settings: readSettings({ AUTO_MIGRATE: "off" }) });
    await using target = await openDB(values.to);
    const bar = new ProgressBar();
    try {
      const copied = await source.copyTo(target, ({ done, total }) => bar.show(done, total));
      bar.end();
      const rows = Object.entries(copied)
        .filter(([, count]) => count > 0)
        .map(([table, count]) => `${count} ${table.replaceAll("_", " ")}`);
      console.log(`copied ${rows.join(", ")} from ${redacted(values.from)} to ${redacted(values.to)}; checksums agree`);
    } catch (error) {
      bar.end();
      throw error;
    }
  },
};
