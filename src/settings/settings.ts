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
 * Reads the settings from the environment, with the development mode's defaults for what is not set (or set to nothing).
 *
 * @throws {SettingsError} one for all wrong settings together
 * @example
 * const settings = readSettings({ PORT: "8080", SESSION_LIFETIME: "7d" });
 */
export function readSettings(environment: Environment = {}): Settings {
  const mode: Mode = environment.NODE_ENV === "production" ? "production" : "development";
  const wrong: string[] = [];
  const values = Object.entries<Setting<unknown>>(table).map(([name, { type, [mode]: standard, example, secret }]) => {
    const text = environment[name] || (typeof standard === "function" ? standard(environment) : standard);
    if (text === required) {
      wrong.push(`${name}: missing; production needs it, for example ${name}=${quoted(example)}`);
      return [name, undefined];
    }
    const { success, data, error } = type.safeParse(text);
    if (!success) wrong.push(`${name}=${secret ? "…" : formatInvalidValue(text)}: must be ${error.issues[0]?.message}`);
    return [name, data];
  });
  const settings = Object.fromEntries(values) as Settings;
  if (wrong.length === 0) wrong.push(...findConflicts(settings));
  if (wrong.length > 0) throw new SettingsError(`wrong settings:\n${wrong.map((line) => `  ${line}`).join("\n")}`);
  return settings;
}

/** Every setting with its meaning and its defaults, as `--help` prints them. */
export function describeSettings(): string {
  const told = (standard: Default) =>
    standard === required ? "required" : typeof standard === "string" ? standard : standard({});
  const width = Math.max(...Object.keys(table).map((name) => name.length)) + 2;
  return Object.entries<Setting<unknown>>(table)
    .map(([name, { description, development, production }]) => {
      const defaults = [told(development), told(production)];
      const line = defaults[0] === defaults[1] ? defaults[0] : `${defaults[0]}; in production ${defaults[1]}`;
      return `  ${name.padEnd(width)}${description}\n  ${"".padEnd(width)}default: ${line}`;
    })
    .join("\n");
}

/** The variables of the environment that are no settings, but have nearly the name of one. */
export function findMisspelledSettings(environment: Environment): MisspelledSetting[] {
  return findMisspellings(environment, Object.keys(table));
}

/** As a shell takes it for one word. */
function quoted(text = ""): string {
  return /^[\w@:/.,-]*$/.test(text) ? text : `"${text}"`;
}
