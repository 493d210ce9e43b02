import { z } from "zod";

/** The mode chooses defaults, and nothing else: every setting can be set by itself. */
export type Mode = "development" | "production";

/** A setting without a default must be said. */
const required = Symbol("required");

interface Setting<T> {
  readonly meaning: string;
  /** Reads the text of the environment. */
  readonly type: z.ZodType<T, string>;
  /** The default of each mode, as one would write it in the environment. */
  readonly development: Default;
  readonly production: Default;
}

type Default = string | typeof required | ((environment: Environment) => string);

/** The variables that settings are read from: `process.env`, or a part of it. */
export type Environment = Readonly<Record<string, string | undefined>>;

const setting = <T>(meaning: string, type: z.ZodType<T, string>, development: Default, production = development) =>
  ({ meaning, type, development, production }) satisfies Setting<T>;

/** Every setting: what it means, what it may be, and its default in development and production. */
const table = {
  HOST: setting("the address it listens on", z.string().regex(/^\S+$/, "an address, such as 0.0.0.0"), "0.0.0.0"),
  PORT: setting("the port it listens on", whole(0, 65535), "5000"),
  DATABASE_URL: setting(
    "where accounts are kept: sqlite:PATH, sqlite::memory:, or postgres://USER:PASSWORD@HOST:PORT/NAME",
    databaseUrl(),
    "sqlite:bienvenue.db",
  ),
  DATABASE_POOL: setting("connections to PostgreSQL, to each of its hosts, at most", whole(1, 1000), "10"),
  AUTO_MIGRATE: setting("whether the start brings the database to this version's schema", z.enum(["on", "off"]), "on"),
  PUBLIC_URL: setting(
    "the address people know it by; an https one makes cookies Secure",
    publicUrl(),
    ({ PORT = "" }) => `http://localhost:${/^\d{1,5}$/.test(PORT) ? PORT : "5000"}`,
    required,
  ),
  RESET_DELIVERY: setting(
    "where reset tokens go: into the response to callers on this machine, or to every caller (response)",
    z.enum(["this-machine", "response"]),
    "this-machine",
  ),
  TOKEN_FORMAT: setting(
    "session and reset tokens: uuid (as the contract has them) or random (256 bits)",
    z.enum(["uuid", "random"]),
    "uuid",
    "random",
  ),
  COOKIE_NAME: setting(
    "the session cookie's name",
    z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "a cookie's name, such as session_id"),
    "session_id",
    "__Host-session_id",
  ),
  PASSWORD_MIN_LENGTH: setting("the fewest characters (code points) of a password", whole(1, 64), "1", "8"),
  PASSWORD_HASH: setting("how new passwords are hashed: bcrypt or argon2id", z.enum(["bcrypt", "argon2id"]), "bcrypt"),
  BCRYPT_COST: setting("bcrypt's cost: one more doubles the work", whole(4, 16), "12"),
  SESSION_LIFETIME: setting("how long a session lasts, however much it is used", duration("1m", "400d"), "30d"),
  SESSION_IDLE: setting("how long a session lasts unused", duration("1m", "400d"), "14d"),
  SESSION_LIMIT: setting("how many devices may be logged in to one account", unlimitedOr(whole(1, 1000)), "unlimited"),
  RESET_TOKEN_LIFETIME: setting("how long a reset token lasts", duration("1m", "1d"), "1h"),
  LOG_LEVEL: setting("how much is logged", z.enum(["debug", "info", "warn", "error", "silent"]), "info"),
} satisfies Record<string, Setting<unknown>>;

type Table = typeof table;

/** The value of every setting. Durations are milliseconds; `SESSION_LIMIT` is Infinity for `unlimited`. */
export type Settings = { readonly [Name in keyof Table]: z.output<Table[Name]["type"]> };

/** Thrown by `readSettings`; its message names every wrong setting and its mend. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

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
  if (mode === "production") {
    wrong.push("NODE_ENV=production: this version serves development only; unset it");
  }
  const values = Object.entries<Setting<unknown>>(table).map(([name, { type, [mode]: standard }]) => {
    const text = environment[name] || (typeof standard === "function" ? standard(environment) : standard);
    if (text === required) {
      wrong.push(`${name}: missing; it is required in ${mode}`);
      return [name, undefined];
    }
    const { success, data, error } = type.safeParse(text);
    if (!success) wrong.push(`${name}=${redacted(text)}: must be ${error.issues[0]?.message}`);
    return [name, data];
  });
  const settings = Object.fromEntries(values) as Settings;
  if (wrong.length === 0) wrong.push(...contradictions(settings));
  if (wrong.length > 0) throw new SettingsError(`wrong settings:\n${wrong.map((line) => `  ${line}`).join("\n")}`);
  return settings;
}

/** Settings that are right one by one, yet not together. */
function contradictions(settings: Settings): string[] {
  const found: string[] = [];
  if (/^__(host|secure)-/i.test(settings.COOKIE_NAME) && !settings.PUBLIC_URL.startsWith("https:")) {
    found.push(`COOKIE_NAME=${settings.COOKIE_NAME}: must be without this prefix while PUBLIC_URL is not https`);
  }
  return found;
}

/** Every setting with its meaning and its defaults, as `--help` prints them. */
export function describeSettings(): string {
  const told = (standard: Default) =>
    standard === required ? "required" : typeof standard === "string" ? standard : standard({});
  return Object.entries<Setting<unknown>>(table)
    .map(([name, { meaning, development, production }]) => {
      const defaults = [told(development), told(production)];
      const line = defaults[0] === defaults[1] ? defaults[0] : `${defaults[0]}; in production ${defaults[1]}`;
      return `  ${name.padEnd(21)}${meaning}\n  ${"".padEnd(21)}default: ${line}`;
    })
    .join("\n");
}

function whole(least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, expected)
    .transform(Number)
    .refine((value) => value >= least && value <= most, expected);
}

function unlimitedOr(type: z.ZodType<number, string>) {
  return z.union([z.literal("unlimited").transform(() => Number.POSITIVE_INFINITY), type], {
    error: "unlimited, or a whole number from 1 to 1000",
  });
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function milliseconds(text: string): number {
  return Number(text.slice(0, -1)) * units[text.at(-1) as keyof typeof units];
}

function duration(least: string, most: string) {
  const expected = `a duration from ${least} to ${most}, such as 90s, 15m, 12h or 30d`;
  return z
    .string()
    .regex(/^\d{1,9}[smhd]$/, expected)
    .transform(milliseconds)
    .refine((value) => value >= milliseconds(least) && value <= milliseconds(most), expected);
}

function databaseUrl() {
  const postgres = /^postgres(ql)?:\/\/([^@/?#]*@)?[^@/?#]+(\/[^/?#]+)?(\?[^?#]*)?$/;
  return z
    .string()
    .refine(
      (text) => /^sqlite:[^\0]+$/.test(text) || postgres.test(text),
      "sqlite:PATH, sqlite::memory:, or postgres://USER:PASSWORD@HOST:PORT/NAME with special characters as %XX",
    );
}

/** A URL without its password, as it may be shown. */
export function redacted(url: string): string {
  return url.replace(/^(\w+:\/\/[^:/@]*):.*@/, "$1:…@").replace(/([?&]password=)[^&]*/, "$1…");
}

function publicUrl() {
  const expected = "an origin, such as https://auth.example.com";
  return z
    .string()
    .refine((text) => URL.canParse(text) && /^https?:\/\/[^/]+\/?$/.test(text) && !text.includes("@"), expected)
    .transform((text) => new URL(text).origin);
}
