import { findConflicts } from "./combinations.ts";
import { formatInvalidValue } from "./invalid-value.ts";
import { findMisspellings, type MisspelledSetting } from "./misspelled-settings.ts";
import { SettingsError } from "./settings-error.ts";
import { type Default, type Environment, type Mode, required, type Setting, type Settings, table } from "./table.ts";

export { findWeakSettings, type HostCookieName } from "./combinations.ts";
export { redactDatabaseUrl, sqliteFileOf } from "./database-url.ts";
export { SettingsError } from "./settings-error.ts";
export type { Environment, Mode, Settings };

/**
 * Reads the settings from the environment. Unset and empty variables get the default of the mode, which is development unless
 * `NODE_ENV` is `production`.
 *
 * @throws {SettingsError} one error that lists all invalid settings
 * @example
 * const settings = readSettings({ PORT: "8080", SESSION_LIFETIME: "7d" });
 */
export function readSettings(environment: Environment = {}): Settings {
  const mode: Mode = environment.NODE_ENV === "production" ? "production" : "development";
  const problems: string[] = [];
  const values = Object.entries<Setting<unknown>>(table).map(
    ([name, { type, [mode]: defaultValue, example, secret }]) => {
      const text = environment[name] || (typeof defaultValue === "function" ? defaultValue(environment) : defaultValue);
      if (text === required) {
        problems.push(`${name}: missing; required in production, for example ${name}=${quoteForShell(example)}`);
        return [name, undefined];
      }
      const { success, data, error } = type.safeParse(text);
      if (!success)
        problems.push(`${name}=${secret ? "…" : formatInvalidValue(text)}: must be ${error.issues[0]?.message}`);
      return [name, data];
    },
  );
  const settings = Object.fromEntries(values) as Settings;
  if (problems.length === 0) problems.push(...findConflicts(settings));
  if (problems.length > 0)
    throw new SettingsError(`invalid settings:\n${problems.map((line) => `  ${line}`).join("\n")}`);
  return settings;
}

/** Describes every setting and its defaults, for `--help`. */
export function describeSettings(): string {
  const format = (defaultValue: Default) =>
    defaultValue === required ? "required" : typeof defaultValue === "string" ? defaultValue : defaultValue({});
  const width = Math.max(...Object.keys(table).map((name) => name.length)) + 2;
  return Object.entries<Setting<unknown>>(table)
    .map(([name, { description, development, production }]) => {
      const defaults = [format(development), format(production)];
      const line = defaults[0] === defaults[1] ? defaults[0] : `${defaults[0]}; in production: ${defaults[1]}`;
      return `  ${name.padEnd(width)}${description}\n  ${"".padEnd(width)}default: ${line}`;
    })
    .join("\n");
}

/** Returns the environment variables whose names are similar to those of settings. */
export function findMisspelledSettings(environment: Environment): MisspelledSetting[] {
  return findMisspellings(environment, Object.keys(table));
}

/** Adds double quotes if a shell would split the text. */
function quoteForShell(text = ""): string {
  return /^[\w@:/.,-]*$/.test(text) ? text : `"${text}"`;
}
