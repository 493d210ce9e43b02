import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import {
  describeSettings,
  type Environment,
  readSettings,
  redactDatabaseUrl,
  type Settings,
  SettingsError,
} from "../../src/settings/settings.ts";
import { anyText } from "../support/any-text.ts";
import { getSettingsError } from "../support/settings-error.ts";

const names = Object.keys(readSettings());

const required = {
  PUBLIC_URL: "https://auth.example.com",
  SMTP_URL: "smtps://bienvenue:secret@mail.example.com",
  MAIL_FROM: "Example <no-reply@example.com>",
  TRUSTED_PROXIES: "none",
};
const production = { NODE_ENV: "production", ...required };
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];

const defaults: Settings = {
  NODE_ENV: "development",
  HOST: "0.0.0.0",
  PORT: 5000,
  DATABASE_URL: "sqlite:bienvenue.db",
  DATABASE_POOL: 10,
  AUTO_MIGRATE: "on",
  PUBLIC_URL: "http://localhost:5000",
  SERVICE_NAME: "Bienvenue",
  LOGO_FILE: null,
  ACCENT_COLOR: { light: "#1d4ed8", dark: "#93c5fd" },
  SUPPORT_EMAIL: null,
  TERMS_URL: null,
  PRIVACY_URL: null,
  RETURN_ORIGINS: [],
  SMTP_URL: null,
  MAIL_FROM: "Bienvenue <bienvenue@localhost>",
  RESET_DELIVERY: "this-machine",
  EMAIL_FORMAT: "any",
  REQUIRE_VERIFIED_EMAIL: "off",
  CONCEAL_ACCOUNTS: "off",
  TOKEN_FORMAT: "uuid",
  COOKIE_NAME: "session_id",
  COOKIE_DOMAIN: null,
  HSTS_SUBDOMAINS: "off",
  CORS_ORIGINS: [],
  TRUSTED_PROXIES: [],
  PASSWORD_MIN_LENGTH: 1,
  PASSWORD_BLOCKLIST: "off",
  PASSWORD_BREACH_CHECK: null,
  PASSWORD_HASH: "bcrypt",
  BCRYPT_COST: 12,
  SESSION_LIFETIME: 30 * day,
  SESSION_IDLE: 14 * day,
  SESSION_LIMIT: 1000,
  RESET_TOKEN_LIFETIME: hour,
  VERIFY_TOKEN_LIFETIME: day,
  RATE_LIMIT: "off",
  LIMIT_LOGIN_ACCOUNT: { attempts: 10, window: 15 * minute },
  LIMIT_LOGIN_NETWORK: { attempts: 100, window: 15 * minute },
  LIMIT_LOGIN_DEVICE: { attempts: 10, window: 15 * minute },
  LIMIT_LOGIN_STREAK: 100,
  LIMIT_REGISTRATION_ACCOUNT: { attempts: 5, window: hour },
  LIMIT_REGISTRATION_NETWORK: { attempts: 20, window: hour },
  LIMIT_MAIL_ACCOUNT: { attempts: 5, window: hour },
  LIMIT_MAIL_NETWORK: { attempts: 20, window: hour },
  LIMIT_MAIL_ADDRESS: { attempts: 20, window: 24 * hour },
  LIMIT_MAIL_ALL: { attempts: 1000, window: hour },
  LIMIT_REDEMPTION_NETWORK: { attempts: 30, window: 15 * minute },
  EVENTS_KEEP: 90 * day,
  METRICS_TOKEN: null,
  LOG_LEVEL: "info",
  UNSAFE_PRODUCTION: "0",
};

test("the defaults of development follow the contract", () => {
  assert.deepEqual(readSettings(), defaults);
  for (const NODE_ENV of ["development", "test", ""]) assert.deepEqual(readSettings({ NODE_ENV }), defaults);
});

test("an unknown NODE_ENV stops the start, however similar it is to a mode, and does not select development", () => {
  for (const NODE_ENV of [
    "prod",
    "Production",
    "PRODUCTION",
    "production ",
    "staging",
    "dev",
    "none",
    "0",
    "production\n",
  ]) {
    assert.match(
      getSettingsError({ NODE_ENV }),
      /^invalid settings:\n {2}NODE_ENV=.+: must be development, test or production$/,
    );
    assert.match(getSettingsError({ ...production, NODE_ENV }), /\n {2}NODE_ENV=/);
  }
});

// id: production-defaults
test("the defaults of production are safe on the internet", () => {
  assert.deepEqual(readSettings(production), {
    ...defaults,
    NODE_ENV: "production",
    PUBLIC_URL: required.PUBLIC_URL,
    SMTP_URL: required.SMTP_URL,
    MAIL_FROM: required.MAIL_FROM,
    RESET_DELIVERY: "email",
    EMAIL_FORMAT: "address",
    REQUIRE_VERIFIED_EMAIL: "on",
    CONCEAL_ACCOUNTS: "on",
    TOKEN_FORMAT: "random",
    COOKIE_NAME: "__Host-session_id",
    PASSWORD_MIN_LENGTH: 8,
    PASSWORD_BLOCKLIST: "on",
    RATE_LIMIT: "on",
  });
});

// id: required-settings
test("production without its required settings fails with one message, whose examples are valid", () => {
  const message = getSettingsError({ NODE_ENV: "production" });
  const examples = [...message.matchAll(/^ {2}(\w+): missing; required in production, for example (\1=.*)$/gm)];
  assert.deepEqual(
    examples.map(([, name]) => name),
    Object.keys(required),
  );
  assert.equal(message.split("\n").length, 1 + examples.length);
  const pasted = examples.map(([, name, example]) => `${example}\nprintf '%s\\n' "$${name}"\n`).join("");
  const values = execFileSync("sh", ["-euc", pasted], { encoding: "utf8" }).split("\n");
  const read = Object.fromEntries(examples.map(([, name = ""], i) => [name, values[i]]));
  assert.equal(readSettings({ ...read, NODE_ENV: "production" }).MAIL_FROM, required.MAIL_FROM);
  assert.match(message, / MAIL_FROM="Example <no-reply@example\.com>"$/m);
  assert.match(message, / PUBLIC_URL=https:\/\/auth\.example\.com$/m);
  for (const name of Object.keys(required)) {
    assert.deepEqual(getSettingsError({ ...production, [name]: "" }).match(/\w+(?=: missing)/g), [name]);
  }
});

test("every default of one mode can be set in the other", () => {
  const accounts = { EMAIL_FORMAT: "any", REQUIRE_VERIFIED_EMAIL: "off", CONCEAL_ACCOUNTS: "off" };
  const text = { RESET_DELIVERY: "this-machine", ...accounts };
  const lax = { TOKEN_FORMAT: "uuid", PASSWORD_MIN_LENGTH: "1", PASSWORD_BLOCKLIST: "off", RATE_LIMIT: "off" };
  const { NODE_ENV, ...settings } = readSettings({
    ...production,
    ...text,
    ...lax,
    PUBLIC_URL: "http://localhost:5000",
    SMTP_URL: "none",
    MAIL_FROM: defaults.MAIL_FROM,
    UNSAFE_PRODUCTION: "1",
  });
  assert.deepEqual({ ...settings, NODE_ENV: "development", UNSAFE_PRODUCTION: "0" }, defaults);
  assert.equal(NODE_ENV, "production");
});

test("an empty setting has its default", () => {
  assert.deepEqual(readSettings(Object.fromEntries(names.map((name) => [name, ""]))), readSettings());
});

test("PUBLIC_URL defaults to localhost and PORT, and is normalized to an origin", () => {
  assert.equal(readSettings({ PORT: "8080" }).PUBLIC_URL, "http://localhost:8080");
  assert.equal(readSettings({ PUBLIC_URL: "https://Auth.Example.com:443/" }).PUBLIC_URL, "https://auth.example.com");
});

const rates = ["0/15m", "10", "10/15", "10/", "/15m", "10/0m", "1e3/15m", "10/31d", "10 / 15m"];
const wrong: Record<string, string[]> = {
  NODE_ENV: ["prod", "Production", "staging"],
  HOST: ["local host", "[::1]", "http://localhost", "localhost:5000", "*", "127.0.0.1/8", "::1/128", "-", "::zz"],
  PORT: ["-1", "65536", "70000", "5000.5", "1e3", "abc", " 5000", "tcp://10.0.0.1:5000"],
  DATABASE_URL: ["bienvenue.db", "sqlite:", "postgres://", "postgres://a@b@c/d", "mysql://x", "sqlite:///x.db"],
  DATABASE_POOL: ["0", "1001", "ten"],
  AUTO_MIGRATE: ["yes", "0"],
  PUBLIC_URL: [
    "example.com",
    "ftp://example.com",
    "https://example.com/path",
    "https://user@example.com",
    "https://a b",
    "none",
  ],
  SERVICE_NAME: ["a\nb", "<b>", "x".repeat(61)],
  LOGO_FILE: ["logo.gif", "nowhere.svg", "package.json", "test", "."],
  ACCENT_COLOR: ["blue", "#12", "#ffff00", "#1d4ed8,#1d4ed8", "#93c5fd", "#1d4ed8,#93c5fd,#000000", "#1d4ed8;}"],
  SUPPORT_EMAIL: ["help", "a@b@c", "a@b?bcc=c@d", "<a@b>", "a@b\nc"],
  TERMS_URL: ["example.com", "javascript:alert(1)", "https://user@example.com/", "https://a b", "/terms"],
  PRIVACY_URL: ["data:text/html,x", "ftp://example.com"],
  RETURN_ORIGINS: [
    "*",
    "null",
    "example.com",
    "https://example.com/path",
    "https://*.example.com",
    "https://a.example,",
  ],
  SMTP_URL: ["mail.example.com", "http://mail.example.com", "smtp://", "smtp://host/path", "smtp://a b"],
  MAIL_FROM: [
    "Example",
    "a@b@c",
    "Example <a@b>, <c@d>",
    "a@b\nBcc: c@d",
    "<a@b>",
    "a@-b",
    "a@\u212ab",
    "Acme <a@b->",
    `a@${"b".repeat(64)}.example`,
    `Acme <${"a".repeat(250)}@b>`,
    "Acme, Inc. <a@b>",
    '"Acme, Inc." a@b',
    '"Acme" Inc. <a@b>',
    '"Acme, Inc. <a@b>',
    '"Acme\\" <a@b>',
    '"" <a@b>',
    '"=?utf-8?Q?Acme?=" <a@b>',
    "=?utf-8?B?QWNtZQ==?= <a@b>",
    '" " <a@b>',
    '"a\nb" <a@b>',
    '"a\\\nb" <a@b>',
    `"${"x".repeat(61)}" <a@b>`,
  ],
  RESET_DELIVERY: ["everyone", "Email"],
  EMAIL_FORMAT: ["email", "Any", "any,address"],
  REQUIRE_VERIFIED_EMAIL: ["yes"],
  CONCEAL_ACCOUNTS: ["true"],
  TOKEN_FORMAT: ["UUID", "jwt"],
  COOKIE_NAME: ["session id", "a;b", "a=b", "é"],
  COOKIE_DOMAIN: [".example.com", "example.com; Secure", "com", "https://example.com", "Example.com", "example.com:80"],
  HSTS_SUBDOMAINS: ["yes"],
  CORS_ORIGINS: ["*", "null", "example.com", "https://example.com/path", "https://*.example.com", "https://a.example,"],
  TRUSTED_PROXIES: [
    "proxy",
    "10.0.0.0/33",
    "::1/129",
    "10.0.0.1/",
    "10.0.0.0/8/8",
    "127.0.0.1,",
    "none,::1",
    "10.0.0",
    "0.0.0.0/0",
    "::/0",
    "::ffff:0:0/96",
    "0.0.0.0/1,128.0.0.0/1",
    "::/1, 8000::/1",
    "2000::/3",
    "64:ff9b::/96",
  ],
  PASSWORD_MIN_LENGTH: ["0", "65", "-1"],
  PASSWORD_BLOCKLIST: ["1"],
  PASSWORD_BREACH_CHECK: ["yes", "https://example.com", "ftp://example.com/", "https://a@example.com/"],
  PASSWORD_HASH: ["md5", "argon2i"],
  BCRYPT_COST: ["3", "17", "12.0"],
  SESSION_LIFETIME: ["30", "30 d", "1s", "401d", "-1d", "1w", "0d"],
  SESSION_IDLE: ["59s", "x"],
  SESSION_LIMIT: ["0", "unlimited", "1001"],
  RESET_TOKEN_LIFETIME: ["59s", "25h"],
  VERIFY_TOKEN_LIFETIME: ["59s", "8d"],
  RATE_LIMIT: ["1"],
  LIMIT_LOGIN_ACCOUNT: rates,
  LIMIT_LOGIN_NETWORK: rates,
  LIMIT_LOGIN_DEVICE: rates,
  LIMIT_LOGIN_STREAK: ["0", "1000001"],
  LIMIT_REGISTRATION_ACCOUNT: rates,
  LIMIT_REGISTRATION_NETWORK: rates,
  LIMIT_MAIL_ACCOUNT: rates,
  LIMIT_MAIL_NETWORK: rates,
  LIMIT_MAIL_ADDRESS: rates,
  LIMIT_MAIL_ALL: rates,
  LIMIT_REDEMPTION_NETWORK: rates,
  EVENTS_KEEP: ["23h", "3651d"],
  METRICS_TOKEN: ["short", "with a space in it", "x".repeat(251)],
  LOG_LEVEL: ["loud"],
  UNSAFE_PRODUCTION: ["yes", "true"],
};

/** Invalid values that move the cursor of a terminal, or look like a further line. */
const hostile = ["a\nb", "a\r\nPORT=1", "\x1b[2Jx", "x\u202ey", "x\u2028y", "\x9b1A", " ", "x".repeat(300)];

test("every setting rejects invalid values; the message names only this setting, with the accepted values and a valid example", () => {
  assert.deepEqual(Object.keys(wrong).sort(), names.toSorted());
  const examplesOf = (message: string) => {
    const [, examples] = /such as (.+?)(?:; .*)?$/.exec(message) ?? [];
    // A message without an example lists all accepted values, or accepts `none`.
    return (examples ?? message.replace(/^none, or .*/, "none")).split(/ or |, (?!Inc)/);
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of [...values, ...hostile]) {
      let message = "";
      try {
        readSettings({ [name]: value });
        // A name can be almost any text.
        assert.ok(!values.includes(value) && ["SERVICE_NAME", "MAIL_FROM"].includes(name), `${name}=${value}`);
        continue;
      } catch (error) {
        assert.ok(error instanceof SettingsError, `${name}=${value}: ${error}`);
        message = error.message;
      }
      const [, line = "", ...more] = message.split("\n");
      assert.deepEqual(more, [], message);
      assert.match(line, new RegExp(`^ {2}${name}=.*: must be \\S.*`), message);
      assert.doesNotMatch(line, /[\p{C}\p{Zl}\p{Zp}]/u, JSON.stringify(line));
      assert.ok(line.length < 500, line);
      for (const other of names) if (other !== name) assert.doesNotMatch(line, new RegExp(`\\b${other}\\b`));
      assert.doesNotMatch(line, /invalid|expected|option:|undefined|NaN|regex/i, line);
      const accepted = line.slice(line.indexOf(": must be ") + ": must be ".length);
      for (const example of examplesOf(accepted)) {
        assert.doesNotThrow(
          () => readSettings({ ...required, REQUIRE_VERIFIED_EMAIL: "on", RESET_DELIVERY: "email", [name]: example }),
          `${name}=${example}: ${line}`,
        );
      }
    }
  }
});

test("an invalid value is printed on one line and truncated, unless it can contain a secret", () => {
  for (const [name, value, printed] of [
    ["PORT", "70000", "70000"],
    ["PORT", " 5000", " 5000"],
    ["PORT", "tcp://10.0.0.1:5000", "tcp://10.0.0.1:5000"],
    ["PORT", "5000\n", "5000\\n"],
    ["LOG_LEVEL", "\x1b[31mloud\u0000", "\\u001b[31mloud\\u0000"],
    ["TOKEN_FORMAT", "a\\x", "a\\\\x"],
    ["PUBLIC_URL", "example.com", "example.com"],
    ["PUBLIC_URL", "https://example.com:8080/path", "https://example.com:8080/path"],
    ["PUBLIC_URL", "https://user@example.com", "…"],
    ["HOST", "::zz", "…"],
    ["HOST", "::1::2", "::1::2"],
    ["SERVICE_NAME", "x".repeat(1000), `${"x".repeat(120)}…`],
    ["METRICS_TOKEN", "short", "…"],
    ["DATABASE_URL", "bienvenue.db", "…"],
    ["SMTP_URL", "localhost", "…"],
    ["PASSWORD_BREACH_CHECK", "https://example.com?key=x", "…"],
  ] as const) {
    assert.ok(
      getSettingsError({ [name]: value }).startsWith(`invalid settings:\n  ${name}=${printed}: must be `),
      getSettingsError({ [name]: value }),
    );
  }
});

test("an invalid PORT is reported alone, without the settings that default to it", () => {
  for (const PORT of ["70000", "99999", "65536", "-1"]) {
    assert.deepEqual(getSettingsError({ PORT }).match(/^ {2}\w+/gm), ["  PORT"]);
  }
});

test("one message names every invalid setting", () => {
  const environment = Object.fromEntries(Object.entries(wrong).map(([name, [value]]) => [name, value]));
  assert.throws(
    () => readSettings(environment),
    (error: Error) => Object.keys(wrong).every((name) => error.message.includes(`\n  ${name}=`)),
  );
});

// id: strictest-cookie-name
test("the cookie of production has the strictest name that its other settings allow", () => {
  const name = (environment: Environment) => readSettings({ ...production, ...environment }).COOKIE_NAME;
  assert.equal(name({}), "__Host-session_id");
  assert.equal(name({ COOKIE_DOMAIN: "none" }), "__Host-session_id");
  assert.equal(name({ COOKIE_DOMAIN: "example.com" }), "__Secure-session_id");
  assert.equal(name({ PUBLIC_URL: "http://localhost", UNSAFE_PRODUCTION: "1" }), "session_id");
  assert.equal(name({ COOKIE_NAME: "sid" }), "sid");
});

test("--help describes every setting and its default", () => {
  const help = describeSettings();
  for (const name of names) assert.match(help, new RegExp(`^  ${name} +\\S.*\\n +default: \\S`, "m"));
});

test("readSettings returns settings or throws one SettingsError, whatever the environment contains", () => {
  const environment = fc.dictionary(
    fc.constantFrom(...names),
    fc.oneof(
      fc.constantFrom("production", ...Object.values(required)),
      anyText(),
      fc.constantFrom(...Object.values(wrong).flat()),
    ),
  );
  fc.assert(
    fc.property(environment, (values) => {
      try {
        const settings = readSettings(values);
        assert.ok(settings.PORT >= 0 && settings.PORT <= 65_535);
        assert.equal(new URL(settings.PUBLIC_URL).origin, settings.PUBLIC_URL);
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});

// id: url-password-hidden
test("neither error messages nor logs contain a password of a URL", () => {
  for (const url of [
    "postgres://bob:s3cr3t@",
    "postgres://bob:s3cr3t@x@host/name",
    "postgres://bob:s3c/r3t@host/name",
  ]) {
    assert.throws(
      () => readSettings({ DATABASE_URL: url }),
      (error: Error) => /DATABASE_URL/.test(error.message) && !/s3c|r3t/.test(error.message),
      url,
    );
  }
  for (const url of ["smtp://bob:s3cr3t@", "smtps://bob:s3c/r3t@host", "http://bob:s3cr3t@host"]) {
    const message = getSettingsError({ SMTP_URL: url });
    assert.ok(message.includes("SMTP_URL") && !/s3c|r3t/.test(message), url);
  }
  assert.equal(redactDatabaseUrl("postgres://bob:s3cr3t@host/name"), "postgres://bob:…@host/name");
  assert.equal(
    redactDatabaseUrl("postgres://bob@host/name?password=s3cr3t&sslmode=require"),
    "postgres://bob@host/name?password=…&sslmode=require",
  );
  assert.equal(redactDatabaseUrl("sqlite:bienvenue.db"), "sqlite:bienvenue.db");
});

test("the message about an invalid secret does not contain it", () => {
  const wrong = {
    METRICS_TOKEN: "Bearer s3cr3t-s3cr3t-s3cr3t",
    SMTP_URL: "mailer:s3cr3t@mail.example.com",
    DATABASE_URL: "postgres:bob:s3cr3t@host/name",
  };
  assert.throws(
    () => readSettings(wrong),
    ({ message }: Error) => Object.keys(wrong).every((name) => message.includes(name)) && !message.includes("s3cr3t"),
  );
});
