import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { describeSettings, readSettings, redacted, SettingsError } from "../src/settings.ts";

const names = Object.keys(readSettings());

test("development's defaults speak the contract", () => {
  assert.deepEqual(readSettings(), {
    HOST: "0.0.0.0",
    PORT: 5000,
    DATABASE_URL: "sqlite:bienvenue.db",
    DATABASE_POOL: 10,
    AUTO_MIGRATE: "on",
    PUBLIC_URL: "http://localhost:5000",
    RESET_DELIVERY: "this-machine",
    TOKEN_FORMAT: "uuid",
    COOKIE_NAME: "session_id",
    PASSWORD_MIN_LENGTH: 1,
    PASSWORD_HASH: "bcrypt",
    BCRYPT_COST: 12,
    SESSION_LIFETIME: 30 * 86_400_000,
    SESSION_IDLE: 14 * 86_400_000,
    SESSION_LIMIT: Number.POSITIVE_INFINITY,
    RESET_TOKEN_LIFETIME: 3_600_000,
    LOG_LEVEL: "info",
  });
});

test("a setting that is set to nothing has its default", () => {
  assert.deepEqual(readSettings(Object.fromEntries(names.map((name) => [name, ""]))), readSettings());
});

test("PUBLIC_URL follows PORT until it is set, and is an origin", () => {
  assert.equal(readSettings({ PORT: "8080" }).PUBLIC_URL, "http://localhost:8080");
  assert.equal(readSettings({ PUBLIC_URL: "https://Auth.Example.com:443/" }).PUBLIC_URL, "https://auth.example.com");
});

test("durations are read in seconds, minutes, hours and days", () => {
  for (const [text, milliseconds] of [
    ["90s", 90_000],
    ["15m", 900_000],
    ["12h", 43_200_000],
    ["1d", 86_400_000],
  ] as const) {
    assert.equal(readSettings({ RESET_TOKEN_LIFETIME: text }).RESET_TOKEN_LIFETIME, milliseconds);
  }
});

const wrong: Record<string, string[]> = {
  HOST: ["local host"],
  PORT: ["-1", "65536", "5000.5", "1e3", "abc", " 5000"],
  DATABASE_URL: ["bienvenue.db", "sqlite:", "postgres://", "postgres://a@b@c/d", "mysql://x"],
  DATABASE_POOL: ["0", "1001", "ten"],
  AUTO_MIGRATE: ["yes", "0"],
  PUBLIC_URL: [
    "example.com",
    "ftp://example.com",
    "https://example.com/path",
    "https://user@example.com",
    "https://a b",
  ],
  RESET_DELIVERY: ["email", "everyone"],
  TOKEN_FORMAT: ["UUID", "jwt"],
  COOKIE_NAME: ["session id", "a;b", "a=b", "é"],
  PASSWORD_MIN_LENGTH: ["0", "65", "-1"],
  PASSWORD_HASH: ["md5", "argon2i"],
  BCRYPT_COST: ["3", "17", "12.0"],
  SESSION_LIFETIME: ["30", "30 d", "1s", "401d", "-1d", "1w", "0d"],
  SESSION_IDLE: ["59s", "x"],
  SESSION_LIMIT: ["0", "infinity", "1001"],
  RESET_TOKEN_LIFETIME: ["59s", "25h"],
  LOG_LEVEL: ["loud"],
};

test("every setting refuses what it cannot be, with its name, the value and the mend", () => {
  assert.deepEqual(Object.keys(wrong).sort(), [...names].sort());
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      assert.throws(
        () => readSettings({ [name]: value }),
        (error: Error) => error instanceof SettingsError && error.message.includes(`${name}=${value}: must be `),
        `${name}=${value}`,
      );
    }
  }
});

test("one message names every wrong setting", () => {
  const environment = Object.fromEntries(Object.entries(wrong).map(([name, [value]]) => [name, value]));
  assert.throws(
    () => readSettings(environment),
    (error: Error) => names.every((name) => error.message.includes(`\n  ${name}=`)),
  );
});

test("settings that contradict each other are refused", () => {
  assert.throws(() => readSettings({ COOKIE_NAME: "__Host-session_id" }), /COOKIE_NAME.*https/);
  assert.ok(readSettings({ COOKIE_NAME: "__Host-session_id", PUBLIC_URL: "https://auth.example.com" }));
});

test("production mode, whose protections are not there yet, is refused", () => {
  assert.throws(() => readSettings({ NODE_ENV: "production" }), /NODE_ENV=production: .*development/);
});

test("--help tells every setting, its meaning and its default", () => {
  const help = describeSettings();
  for (const name of names) assert.match(help, new RegExp(`^  ${name} +\\S.*\\n +default: \\S`, "m"));
});

test("whatever the environment holds, it gives settings or one SettingsError", () => {
  const environment = fc.dictionary(
    fc.constantFrom(...names, "NODE_ENV"),
    fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...Object.values(wrong).flat())),
  );
  fc.assert(
    fc.property(environment, (given) => {
      try {
        const settings = readSettings(given);
        assert.ok(settings.PORT >= 0 && settings.PORT <= 65_535);
        assert.equal(new URL(settings.PUBLIC_URL).origin, settings.PUBLIC_URL);
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});

test("a password in a URL is shown neither by a refusal nor by what is logged", () => {
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
  assert.equal(redacted("postgres://bob:s3cr3t@host/name"), "postgres://bob:…@host/name");
  assert.equal(
    redacted("postgres://bob@host/name?password=s3cr3t&sslmode=require"),
    "postgres://bob@host/name?password=…&sslmode=require",
  );
  assert.equal(redacted("sqlite:bienvenue.db"), "sqlite:bienvenue.db");
});
