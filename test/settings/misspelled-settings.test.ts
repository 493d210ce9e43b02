import assert from "node:assert/strict";
import { test } from "node:test";
import { findMisspellings } from "../../src/settings/misspelled-settings.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { runInSeparateProcess, runProgram, startService } from "../support/service.ts";
import { productionEnvironment } from "../support/world.ts";

const names = Object.keys(readSettings());
const suggestions = (name: string) => findMisspellings({ [name]: "x" }, names).map((each) => each.suggestion);

test("a misspelled setting is found, and the setting suggested", () => {
  for (const [found, expected] of Object.entries({
    SESION_LIFETIME: "SESSION_LIFETIME",
    SESSION_LIFETME: "SESSION_LIFETIME",
    SESSION_LIFE_TIME: "SESSION_LIFETIME",
    SESSIONLIFETIME: "SESSION_LIFETIME",
    sessionLifetime: "SESSION_LIFETIME",
    "session-lifetime": "SESSION_LIFETIME",
    SESSIONS_LIFETIMES: "SESSION_LIFETIME",
    LIFETIME_SESSION: "SESSION_LIFETIME",
    port: "PORT",
    Host: "HOST",
    PROT: "PORT",
    HSOT: "HOST",
    node_env: "NODE_ENV",
    NODE_EVN: "NODE_ENV",
    DATABASE_URI: "DATABASE_URL",
    DATABSE_URL: "DATABASE_URL",
    DATABASE_URLS: "DATABASE_URL",
    BIENVENUE_DATABASE_URL: "DATABASE_URL",
    SMTP_URI: "SMTP_URL",
    STMP_URL: "SMTP_URL",
    PUBLIC_URI: "PUBLIC_URL",
    TRUSTED_PROXY: "TRUSTED_PROXIES",
    TRUST_PROXY: "TRUSTED_PROXIES",
    TRUSTED_PROXYS: "TRUSTED_PROXIES",
    CORS_ORIGIN: "CORS_ORIGINS",
    LOGLEVEL: "LOG_LEVEL",
    MAIL_FORM: "MAIL_FROM",
    RATE_LIMITS: "RATE_LIMIT",
    MIN_PASSWORD_LENGTH: "PASSWORD_MIN_LENGTH",
    LIMIT_LOGN_ACOUNT: "LIMIT_LOGIN_ACCOUNT",
    UNSAVE_PRODUCTION: "UNSAFE_PRODUCTION",
    METRIC_TOKEN: "METRICS_TOKEN",
    "SESSION_LIFETIME ": "SESSION_LIFETIME",
    " PORT": "PORT",
    "MAIL_FROM\n": "MAIL_FROM",
    "SMTP_URL\t": "SMTP_URL",
    "\ufeffNODE_ENV": "NODE_ENV",
    "LOG_LEVEL\u200b": "LOG_LEVEL",
    "export DATABASE_URL": "DATABASE_URL",
    '"HOST"': "HOST",
    "PUBLIC URL": "PUBLIC_URL",
    "RATE_LIMIT:": "RATE_LIMIT",
  })) {
    assert.deepEqual(suggestions(found), [expected], found);
  }
});

test("a name with invisible mistakes is printed in quotes, on one line", () => {
  const printed = (found: string) => findMisspellings({ [found]: "x" }, names)[0]?.message.split(" is not")[0];
  for (const [found, expected] of Object.entries({
    SESION_LIFETIME: "SESION_LIFETIME",
    "PORT ": '"PORT "',
    "\ufeffNODE_ENV": '"\\ufeffNODE_ENV"',
    "MAIL_FROM\n\x1b[": '"MAIL_FROM\\n\\u001b["',
  })) {
    assert.equal(printed(found), expected);
  }
});

test("every setting with one letter missing, added, replaced or swapped is recognized", () => {
  for (const name of names.filter((each) => each.includes("_"))) {
    for (let i = 0; i < name.length; i++) {
      const [before, after] = [name.slice(0, i), name.slice(i)];
      const typed = [before + after.slice(1), `${before}Q${after}`, `${before}Q${after.slice(1)}`];
      typed.push(before + (after[1] ?? "") + (after[0] ?? "") + after.slice(2));
      for (const found of typed) {
        // Many programs have a variable of this name.
        if (!names.includes(found) && found !== "LOG_FILE") assert.deepEqual(suggestions(found), [name], found);
      }
    }
  }
});

test("variables of other programs cause no warning, nor do settings and empty variables", () => {
  const others =
    "PATH HOSTNAME HOSTTYPE HOSTS PORTS POST SORT PART COST HOME HOMEHOST LOGNAME LANG LC_ALL PWD SHLVL TERM TZ USER _ SHELL EDITOR " +
    "NODE NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_VERSION NODE_COMPILE_CACHE NODE_NO_WARNINGS " +
    "npm_config_cache npm_lifecycle_event npm_package_name npm_node_execpath npm_config_user_agent INIT_CWD " +
    "PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGSSLMODE POSTGRES_URL POSTGRES_PASSWORD POSTGRES_DB MYSQL_HOST REDIS_URL " +
    "DATABASE DATABASE_HOST DATABASE_PORT DATABASE_NAME DATABASE_USER DATABASE_PASSWORD DB_HOST DB_URL DB_PORT " +
    "SMTP_HOST SMTP_PORT SMTP_USER SMTP_TLS SMTP_FROM SMTP_PASSWORD MAIL_HOST MAIL_PORT MAIL_TO MAIL MAILTO MAILER_DSN " +
    "LOG_FILE LOG_FORMAT LOG_DIR SESSION_MANAGER SESSION_SECRET SESSION_ID SESSION_NAME XDG_SESSION_ID COOKIE_SECRET COOKIE_PATH " +
    "SERVICE_HOST SERVICE_PORT SERVICE_TYPE SERVICE_HOME DEVICE_NAME SERVER_NAME COMPUTERNAME DOMAIN_NAME FILE_NAME " +
    "PUBLIC_IP PUBLIC_KEY PUBLIC_DIR PUBLIC_PATH BASE_URL API_URL APP_URL SITE_URL TOKEN TOKEN_SECRET RATE JWT_SECRET SECRET_KEY " +
    "BIENVENUE_PORT BIENVENUE_SERVICE_HOST BIENVENUE_SERVICE_PORT BIENVENUE_PORT_5000_TCP KUBERNETES_PORT KUBERNETES_SERVICE_HOST " +
    "TEST_DATABASE_URL READ_DATABASE_URL http_proxy HTTPS_PROXY no_proxy ALL_PROXY CI DEBUG NO_COLOR FORCE_COLOR TMPDIR " +
    "DISPLAY SSH_AUTH_SOCK SSH_CONNECTION OTEL_SERVICE_NAME OTEL_EXPORTER_OTLP_ENDPOINT CHROMIUM ASPNETCORE_URLS DOTNET_ROOT";
  for (const found of others.split(" ")) assert.deepEqual(suggestions(found), [], found);
  assert.deepEqual(findMisspellings(Object.fromEntries(names.map((name) => [name, "x"])), names), []);
  assert.deepEqual(findMisspellings({ SESION_LIFETIME: "", SMTP_URI: undefined }, names), []);
});

test("the service logs a misspelled setting, a command prints it to standard error, and neither reveals its value", async () => {
  const misspelled = { SESION_LIFETIME: "s3cr3t-7d", port: "s3cr3t-80" };
  await using service = await startService(misspelled);
  await service.stop("SIGTERM");
  const warned = service.logEntries.filter(({ event }) => event === "unknown_setting");
  assert.deepEqual(
    warned.map(({ level, name, meant, msg }) => ({ level, name, meant, msg })),
    [
      ["SESION_LIFETIME", "SESSION_LIFETIME"],
      ["port", "PORT"],
    ].map(([name, meant]) => ({
      level: "warn",
      name,
      meant,
      msg: `${name} is not a setting and has no effect; did you mean ${meant}?`,
    })),
  );
  assert.ok(!JSON.stringify(service.logEntries).includes("s3cr3t"));
  const expected = "bienvenue: SESION_LIFETIME is not a setting and has no effect; did you mean SESSION_LIFETIME?\n";
  const listed = await runInSeparateProcess(["users", "list"], misspelled);
  assert.ok(listed.stderr.startsWith(expected) && !listed.stderr.includes("s3cr3t"), listed.stderr);
  for (const argument of ["--help", "--version"])
    assert.equal((await runInSeparateProcess([argument], misspelled)).stderr, "");
});

test("a start that fails because a setting is missing names the variable that was probably meant", async () => {
  const { SMTP_URL = "", ...rest } = productionEnvironment as Record<string, string>;
  const { code, stdout, stderr } = await runProgram({ ...rest, SMTP_URI: SMTP_URL });
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /SMTP_URI is not a setting and has no effect; did you mean SMTP_URL\?\n/);
  assert.match(stderr, /^ {2}SMTP_URL: missing; /m);
  assert.ok(!stderr.includes(SMTP_URL));
});
