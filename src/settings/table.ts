import { z } from "zod";
import {
  accentColor,
  breachCheck,
  databaseUrl,
  duration,
  integer,
  list,
  listenHost,
  logoFile,
  mailFrom,
  noneOr,
  oneOf,
  onOff,
  origin,
  pageUrl,
  publicUrl,
  rate,
  smtpUrl,
  supportEmail,
  trustedProxies,
} from "./types.ts";

/** The mode chooses defaults, and nothing else: every setting can be set by itself. */
export type Mode = "development" | "production";

/** A setting without a default must be said. */
export const required = Symbol("required");

export interface Setting<T> {
  readonly description: string;
  /** Reads the text of the environment. */
  readonly type: z.ZodType<T, string>;
  /** The default of each mode, as one would write it in the environment. */
  readonly development: Default;
  readonly production: Default;
  /** What it may look like, for one that has no default. */
  readonly example?: string;
  /** It may hold a secret: a refusal does not repeat it. */
  readonly secret?: true;
}

export type Default = string | typeof required | ((environment: Environment) => string);

/** The variables that settings are read from: `process.env`, or a part of it. */
export type Environment = Readonly<Record<string, string | undefined>>;

const setting = <T>(description: string, type: z.ZodType<T, string>, development: Default, production = development) =>
  ({ description, type, development, production }) satisfies Setting<T>;

/** A setting that production has no default for. */
const requiredInProduction = <T>(
  description: string,
  type: z.ZodType<T, string>,
  development: Default,
  example: string,
) => ({ description, type, development, production: required, example }) satisfies Setting<T>;

/** Every setting: what it means, what it may be, and its default in development and production. */
export const table = {
  NODE_ENV: setting(
    "which defaults hold: development, test (the same ones) or production, for real people",
    oneOf("development", "test", "production").transform((name): Mode => (name === "test" ? "development" : name)),
    "development",
    "production",
  ),
  HOST: setting("the address it listens on", listenHost(), "0.0.0.0"),
  PORT: setting("the port it listens on", integer(0, 65535, 5000), "5000"),
  DATABASE_URL: {
    ...setting(
      "where accounts are kept: sqlite:PATH, sqlite::memory:, or postgres://USER:PASSWORD@HOST:PORT/NAME",
      databaseUrl(),
      "sqlite:bienvenue.db",
    ),
    secret: true,
  },
  DATABASE_POOL: setting("connections to PostgreSQL, to each of its hosts, at most", integer(1, 1000, 10), "10"),
  AUTO_MIGRATE: setting("whether the start brings the database to this version's schema", onOff(), "on"),
  PUBLIC_URL: requiredInProduction(
    "the address people know it by, which links in mails begin with; an https one makes cookies Secure",
    publicUrl(),
    ({ PORT = "" }) => `http://localhost:${/^\d{1,5}$/.test(PORT) && Number(PORT) <= 65_535 ? PORT : "5000"}`,
    "https://auth.example.com",
  ),
  SERVICE_NAME: setting(
    "what the service is called in mails and on pages; no password may be it",
    z.string().regex(/^[^\p{C}<>]{1,60}$/u, "1 to 60 visible characters without < and >, such as Example"),
    "Bienvenue",
  ),
  LOGO_FILE: setting("a logo for the pages: an SVG or PNG file of at most 8 KiB", noneOr(logoFile()), "none"),
  ACCENT_COLOR: setting(
    "the colour of buttons and links on the pages, or two with a comma: for light pages and for dark ones",
    accentColor(),
    "#1d4ed8,#93c5fd",
  ),
  SUPPORT_EMAIL: setting("who helps people, as the pages tell them", noneOr(supportEmail()), "none"),
  TERMS_URL: setting("where the terms are, as the pages link to them", noneOr(pageUrl()), "none"),
  PRIVACY_URL: setting("where it says what becomes of personal data", noneOr(pageUrl()), "none"),
  RETURN_ORIGINS: setting(
    "the origins that people may be sent back to after logging in or out (return_to), with commas between them",
    list(origin(), "none, or origins, such as https://app.example.com,https://admin.example.com"),
    "none",
  ),
  SMTP_URL: {
    ...requiredInProduction(
      "the server that sends mails: smtp://USER:PASSWORD@HOST:PORT (STARTTLS where it is offered, and always before a password leaves this machine; ?requireTLS=true or false decides) or smtps://…; without one they wait at /dev/outbox",
      noneOr(smtpUrl()),
      "none",
      "smtps://USER:PASSWORD@mail.example.com",
    ),
    secret: true,
  },
  MAIL_FROM: requiredInProduction(
    "who mails come from",
    mailFrom(),
    "Bienvenue <bienvenue@localhost>",
    "Example <no-reply@example.com>",
  ),
  RESET_DELIVERY: setting(
    "where reset tokens go: by email, into the response to callers on this machine, or to every caller (response)",
    oneOf("this-machine", "response", "email"),
    "this-machine",
    "email",
  ),
  EMAIL_FORMAT: setting(
    "what may be registered as an address: any printable ASCII text of 1 to 250 characters, or an address that mail can be sent to",
    oneOf("any", "address"),
    "any",
    "address",
  ),
  REQUIRE_VERIFIED_EMAIL: setting("whether an address must be confirmed before it can log in", onOff(), "off", "on"),
  CONCEAL_ACCOUNTS: setting(
    "whether answers are alike with and without an account; the owner is told by mail",
    onOff(),
    "off",
    "on",
  ),
  TOKEN_FORMAT: setting(
    "session and reset tokens: uuid (as the contract has them) or random (256 bits)",
    oneOf("uuid", "random"),
    "uuid",
    "random",
  ),
  COOKIE_NAME: setting(
    "the session cookie's name",
    z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "a cookie's name of at most 100 characters, such as session_id"),
    "session_id",
    ({ COOKIE_DOMAIN, PUBLIC_URL = "" }) =>
      PUBLIC_URL.startsWith("http:")
        ? "session_id"
        : `${noneAsEmpty(COOKIE_DOMAIN) ? "__Secure-" : "__Host-"}session_id`,
  ),
  COOKIE_DOMAIN: setting(
    "a domain whose hosts all get the session cookie, such as example.com",
    noneOr(z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, "none, or a domain, such as example.com")),
    "none",
  ),
  HSTS_SUBDOMAINS: setting(
    "whether browsers must use https for the subdomains of PUBLIC_URL's host too, for a year",
    onOff(),
    "off",
  ),
  CORS_ORIGINS: setting(
    "the origins whose pages may call with a cookie, with commas between them",
    list(origin(), "none, or origins, such as https://app.example.com,https://admin.example.com"),
    "none",
  ),
  TRUSTED_PROXIES: requiredInProduction(
    "the proxies whose X-Forwarded-For, or else Forwarded, is believed: addresses and networks with commas between them, or none",
    trustedProxies(),
    "none",
    "none",
  ),
  PASSWORD_MIN_LENGTH: setting("the fewest characters (code points) of a password", integer(1, 64, 8), "1", "8"),
  PASSWORD_BLOCKLIST: setting(
    "whether common passwords, the address and the service's name are refused",
    onOff(),
    "off",
    "on",
  ),
  PASSWORD_BREACH_CHECK: {
    ...setting(
      "whether passwords known from breaches are refused: off, on (asks Have I Been Pwned with 5 characters of a hash), or the address of a mirror",
      breachCheck(),
      "off",
    ),
    secret: true,
  },
  PASSWORD_HASH: setting("how new passwords are hashed: bcrypt or argon2id", oneOf("bcrypt", "argon2id"), "bcrypt"),
  BCRYPT_COST: setting("bcrypt's cost: one more doubles the work", integer(4, 16, 12), "12"),
  SESSION_LIFETIME: setting("how long a session lasts, however much it is used", duration("1m", "400d", "30d"), "30d"),
  SESSION_IDLE: setting("how long a session lasts unused", duration("1m", "400d", "14d"), "14d"),
  SESSION_LIMIT: setting(
    "how many devices may be logged in to one account; beyond that the oldest is logged out",
    integer(1, 1000, 5),
    "1000",
  ),
  RESET_TOKEN_LIFETIME: setting("how long a reset token lasts", duration("1m", "1d", "1h"), "1h"),
  VERIFY_TOKEN_LIFETIME: setting(
    "how long the link that confirms an address lasts",
    duration("1m", "7d", "24h"),
    "24h",
  ),
  RATE_LIMIT: setting("whether the limits below hold, and accounts know their devices", onOff(), "off", "on"),
  LIMIT_LOGIN_ACCOUNT: setting("failed logins to one account", rate(), "10/15m"),
  LIMIT_LOGIN_NETWORK: setting(
    "failed logins from one network (an IPv4 address, an IPv6 /64; a /56 has 4 times, a /48 16 times the tries)",
    rate(),
    "100/15m",
  ),
  LIMIT_LOGIN_DEVICE: setting("failed logins to one account from a device that it knows", rate(), "10/15m"),
  LIMIT_LOGIN_STREAK: setting(
    "failed logins in a row to one account, after which only a known device or a reset opens it",
    integer(1, 1_000_000, 100),
    "100",
  ),
  LIMIT_REGISTRATION_ACCOUNT: setting("registrations of one address", rate(), "5/1h"),
  LIMIT_REGISTRATION_NETWORK: setting("registrations from one network", rate(), "20/1h"),
  LIMIT_MAIL_ACCOUNT: setting("mails of each kind asked for to one address", rate(), "5/1h"),
  LIMIT_MAIL_NETWORK: setting("reset and verification mails that one network asks for", rate(), "20/1h"),
  LIMIT_MAIL_ADDRESS: setting(
    "requested mails sent to one address; further ones wait, except one reset an hour and resets from a device that the account knows",
    rate(),
    "20/1d",
  ),
  LIMIT_MAIL_ALL: setting(
    "requested mails sent in all; further ones wait, except resets from a device that the account knows",
    rate(),
    "1000/1h",
  ),
  LIMIT_REDEMPTION_NETWORK: setting(
    "refused tokens (of a reset, a confirmation or an undone move) from one network",
    rate(),
    "30/15m",
  ),
  EVENTS_KEEP: setting("how long the audit trail is kept", duration("1d", "3650d", "90d"), "90d"),
  METRICS_TOKEN: {
    ...setting(
      "the bearer token that /metrics answers to",
      noneOr(z.string().regex(/^[\x21-\x7e]{16,250}$/, "none, or 16 to 250 printable ASCII characters without spaces")),
      "none",
    ),
    secret: true,
  },
  LOG_LEVEL: setting("how much is logged", oneOf("debug", "info", "warn", "error", "silent"), "info"),
  UNSAFE_PRODUCTION: setting(
    "1 lets production start on settings that hand accounts away, for a rehearsal",
    oneOf("0", "1"),
    "0",
  ),
} satisfies Record<string, Setting<unknown>>;

type Table = typeof table;

/**
 * The value of every setting. Durations are milliseconds; what may be `none` is null, or an empty list.
 */
export type Settings = { readonly [Name in keyof Table]: z.output<Table[Name]["type"]> };

function noneAsEmpty(text = ""): string {
  return text === "none" ? "" : text;
}
