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

/** Selects the defaults. Every setting can still be set individually. */
export type Mode = "development" | "production";

/** Marks a setting that has no default and must be set. */
export const required = Symbol("required");

export interface Setting<T> {
  readonly description: string;
  /** Parses the text of the environment variable. */
  readonly type: z.ZodType<T, string>;
  /** The default of each mode, as text of an environment variable. */
  readonly development: Default;
  readonly production: Default;
  /** A valid value, for the message about a missing setting. */
  readonly example?: string;
  /** The value can contain a secret, so error messages do not repeat it. */
  readonly secret?: true;
}

export type Default = string | typeof required | ((environment: Environment) => string);

/** Environment variables, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const setting = <T>(description: string, type: z.ZodType<T, string>, development: Default, production = development) =>
  ({ description, type, development, production }) satisfies Setting<T>;

const requiredInProduction = <T>(
  description: string,
  type: z.ZodType<T, string>,
  development: Default,
  example: string,
) => ({ description, type, development, production: required, example }) satisfies Setting<T>;

/** Every setting: its description, its type, and its default in development and production. */
export const table = {
  NODE_ENV: setting(
    "selects the defaults: development, test (same as development) or production",
    oneOf("development", "test", "production").transform((name): Mode => (name === "test" ? "development" : name)),
    "development",
    "production",
  ),
  HOST: setting("address to listen on", listenHost(), "0.0.0.0"),
  PORT: setting("port to listen on", integer(0, 65535, 5000), "5000"),
  DATABASE_URL: {
    ...setting(
      "database: sqlite:PATH, sqlite::memory: or postgres://USER:PASSWORD@HOST:PORT/NAME",
      databaseUrl(),
      "sqlite:bienvenue.db",
    ),
    secret: true,
  },
  DATABASE_POOL: setting("maximum number of connections to each PostgreSQL host", integer(1, 1000, 10), "10"),
  AUTO_MIGRATE: setting("migrate the database to this version's schema at startup", onOff(), "on"),
  PUBLIC_URL: requiredInProduction(
    "public origin of the service, used for links in emails; with https, cookies are Secure",
    publicUrl(),
    ({ PORT = "" }) => `http://localhost:${/^\d{1,5}$/.test(PORT) && Number(PORT) <= 65_535 ? PORT : "5000"}`,
    "https://auth.example.com",
  ),
  SERVICE_NAME: setting(
    "name of the service in emails and on pages; rejected as a password",
    z.string().regex(/^[^\p{C}<>]{1,60}$/u, "1 to 60 visible characters other than < or >, such as Example"),
    "Bienvenue",
  ),
  LOGO_FILE: setting("logo for the pages: path of an SVG or PNG file, at most 8 KiB", noneOr(logoFile()), "none"),
  ACCENT_COLOR: setting(
    "color of buttons and links: one color, or two separated by a comma, for light and dark pages",
    accentColor(),
    "#1d4ed8,#93c5fd",
  ),
  SUPPORT_EMAIL: setting("email address for help, shown on the pages", noneOr(supportEmail()), "none"),
  TERMS_URL: setting("URL of your terms of service, linked from the pages", noneOr(pageUrl()), "none"),
  PRIVACY_URL: setting("URL of your privacy policy, linked from the pages", noneOr(pageUrl()), "none"),
  RETURN_ORIGINS: setting(
    "origins allowed in return_to, the page to open after login or logout; comma-separated",
    list(origin(), "none, or origins separated by commas, such as https://app.example.com,https://admin.example.com"),
    "none",
  ),
  SMTP_URL: {
    ...requiredInProduction(
      "mail server: smtps://USER:PASSWORD@HOST:PORT, or smtp://… (uses STARTTLS if offered, and requires it before sending a password to another machine; ?requireTLS=true or ?requireTLS=false overrides this); with none, emails stay in /dev/outbox",
      noneOr(smtpUrl()),
      "none",
      "smtps://USER:PASSWORD@mail.example.com",
    ),
    secret: true,
  },
  MAIL_FROM: requiredInProduction(
    "sender of emails: an address, with or without a name",
    mailFrom(),
    "Bienvenue <bienvenue@localhost>",
    "Example <no-reply@example.com>",
  ),
  RESET_DELIVERY: setting(
    "how reset tokens are delivered: email, this-machine (in the response, to programs on this machine only) or response (in the response, to every caller)",
    oneOf("this-machine", "response", "email"),
    "this-machine",
    "email",
  ),
  EMAIL_FORMAT: setting(
    "email addresses accepted at registration: any (any printable ASCII text of 1 to 250 characters) or address (valid addresses only)",
    oneOf("any", "address"),
    "any",
    "address",
  ),
  REQUIRE_VERIFIED_EMAIL: setting("require a verified email address before the first login", onOff(), "off", "on"),
  CONCEAL_ACCOUNTS: setting(
    "hide whether an account exists: responses are the same with and without one, and the owner gets an email instead",
    onOff(),
    "off",
    "on",
  ),
  TOKEN_FORMAT: setting(
    "format of session and reset tokens: uuid, or random (256 bits)",
    oneOf("uuid", "random"),
    "uuid",
    "random",
  ),
  COOKIE_NAME: setting(
    "name of the session cookie",
    z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "a cookie name of at most 100 characters, such as session_id"),
    "session_id",
    ({ COOKIE_DOMAIN, PUBLIC_URL = "" }) =>
      PUBLIC_URL.startsWith("http:")
        ? "session_id"
        : `${noneAsEmpty(COOKIE_DOMAIN) ? "__Secure-" : "__Host-"}session_id`,
  ),
  COOKIE_DOMAIN: setting(
    "domain whose hosts all receive the session cookie, such as example.com",
    noneOr(z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, "none, or a domain, such as example.com")),
    "none",
  ),
  HSTS_SUBDOMAINS: setting(
    "make browsers use https for all subdomains of PUBLIC_URL's host too, for a year",
    onOff(),
    "off",
  ),
  CORS_ORIGINS: setting(
    "origins whose pages can call the API with the session cookie; comma-separated",
    list(origin(), "none, or origins separated by commas, such as https://app.example.com,https://admin.example.com"),
    "none",
  ),
  TRUSTED_PROXIES: requiredInProduction(
    "proxies whose X-Forwarded-For header is trusted (or Forwarded, if that is missing): addresses and networks, comma-separated, or none",
    trustedProxies(),
    "none",
    "none",
  ),
  PASSWORD_MIN_LENGTH: setting("minimum password length in characters (code points)", integer(1, 64, 8), "1", "8"),
  PASSWORD_BLOCKLIST: setting(
    "reject common passwords, the user's email address and the service's name as passwords",
    onOff(),
    "off",
    "on",
  ),
  PASSWORD_BREACH_CHECK: {
    ...setting(
      "reject passwords known from breaches: off, on (sends the first 5 characters of a hash to Have I Been Pwned) or the URL of a mirror",
      breachCheck(),
      "off",
    ),
    secret: true,
  },
  PASSWORD_HASH: setting("hash algorithm for new passwords: bcrypt or argon2id", oneOf("bcrypt", "argon2id"), "bcrypt"),
  BCRYPT_COST: setting("bcrypt cost; each step doubles the time", integer(4, 16, 12), "12"),
  SESSION_LIFETIME: setting("maximum lifetime of a session", duration("1m", "400d", "30d"), "30d"),
  SESSION_IDLE: setting("lifetime of an unused session", duration("1m", "400d", "14d"), "14d"),
  SESSION_LIMIT: setting(
    "maximum number of sessions per account; a further login ends the oldest",
    integer(1, 1000, 5),
    "1000",
  ),
  RESET_TOKEN_LIFETIME: setting("lifetime of a reset token", duration("1m", "1d", "1h"), "1h"),
  VERIFY_TOKEN_LIFETIME: setting("lifetime of an email verification link", duration("1m", "7d", "24h"), "24h"),
  RATE_LIMIT: setting("apply the limits below, and remember the devices of each account", onOff(), "off", "on"),
  LIMIT_LOGIN_ACCOUNT: setting("failed logins to one account", rate(), "10/15m"),
  LIMIT_LOGIN_NETWORK: setting(
    "failed logins from one network: an IPv4 address or an IPv6 /64 (a /56 has 4 times and a /48 16 times as many attempts)",
    rate(),
    "100/15m",
  ),
  LIMIT_LOGIN_DEVICE: setting("failed logins to one account from a known device", rate(), "10/15m"),
  LIMIT_LOGIN_STREAK: setting(
    "consecutive failed logins to one account, after which only known devices can log in, until a password reset",
    integer(1, 1_000_000, 100),
    "100",
  ),
  LIMIT_REGISTRATION_ACCOUNT: setting("registrations of one email address", rate(), "5/1h"),
  LIMIT_REGISTRATION_NETWORK: setting("registrations from one network", rate(), "20/1h"),
  LIMIT_MAIL_ACCOUNT: setting("requests for emails of one kind to one address", rate(), "5/1h"),
  LIMIT_MAIL_NETWORK: setting("requests for reset and verification emails from one network", rate(), "20/1h"),
  LIMIT_MAIL_ADDRESS: setting(
    "requested emails sent to one address; further ones wait, except one password reset an hour and resets from known devices",
    rate(),
    "20/1d",
  ),
  LIMIT_MAIL_ALL: setting(
    "requested emails sent in total; further ones wait, except password resets from known devices",
    rate(),
    "1000/1h",
  ),
  LIMIT_REDEMPTION_NETWORK: setting(
    "rejected tokens from one network (password reset, email verification, undo of an email change)",
    rate(),
    "30/15m",
  ),
  EVENTS_KEEP: setting("retention of the audit trail", duration("1d", "3650d", "90d"), "90d"),
  METRICS_TOKEN: {
    ...setting(
      "bearer token for /metrics",
      noneOr(z.string().regex(/^[\x21-\x7e]{16,250}$/, "none, or 16 to 250 printable ASCII characters without spaces")),
      "none",
    ),
    secret: true,
  },
  LOG_LEVEL: setting("minimum level of log lines", oneOf("debug", "info", "warn", "error", "silent"), "info"),
  UNSAFE_PRODUCTION: setting(
    "1 lets production start with settings that expose accounts; for rehearsals only",
    oneOf("0", "1"),
    "0",
  ),
} satisfies Record<string, Setting<unknown>>;

type Table = typeof table;

/**
 * The value of every setting. Durations are in milliseconds; `none` becomes null, or an empty list.
 */
export type Settings = { readonly [Name in keyof Table]: z.output<Table[Name]["type"]> };

function noneAsEmpty(text = ""): string {
  return text === "none" ? "" : text;
}
