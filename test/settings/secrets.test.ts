import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { openDB } from "../../src/db/db.ts";
import { OpenError } from "../../src/errors.ts";
import { toListenError } from "../../src/http/listen-error.ts";
import { redactDatabaseUrl } from "../../src/settings/database-url.ts";
import { readSettings, SettingsError } from "../../src/settings/settings.ts";
import { runCommand } from "../support/commands.ts";
import { createTemporaryFolder } from "../support/service.ts";

/** The two halves of a password, around a character that must be encoded. */
const [one, two] = ["Zq7xKw", "Vj9mTb"];
const password = `${one}${two}`;

/** Asserts that a text contains no four consecutive letters of the password. */
function assertHidden(text: string, input: string): void {
  for (const piece of [one, two]) {
    for (let i = 0; i + 4 <= piece.length; i++) assert.ok(!text.includes(piece.slice(i, i + 4)), `${input}: ${text}`);
  }
}

const special = Array.from("@/?#% \n\t\"'<\\[^`{|", (character) => one + character + two);

/** Malformed URLs. `%P` stands for the password. */
const malformed: Readonly<Record<"DATABASE_URL" | "SMTP_URL", readonly string[]>> = {
  DATABASE_URL: [
    '"postgres://bob:%P@host/name"',
    "'postgres://bob:%P@host/name'",
    '"postgres://bob:%P@host/name',
    "postgres://bob:%P@host/name\n",
    "postgres://bob:%P@host/name\r\n",
    " postgres://bob:%P@host/name",
    "postgres://bob:%P@host/name\u200b",
    "postgres://bob:%P@host/name # the main one",
    "postgres://bob:%P@",
    "postgres://bob:%P@/name",
    "postgres://bob:%P",
    "postgres://%P@host:port/name",
    "postgres://bob:%P@host:70000/name",
    "postgres://bob:%P@host:5432:5432/name",
    "postgres://bob:%P@host,/name",
    "postgres://bob:%P@::1/name",
    "postgres://bob:%P@ho st/name",
    "postgres://bob:%P@host/na%me",
    "postgres://bob:%P@host/name?sslmode=on",
    "postgres://bob:%P@host/name?ssl-mode=require",
    "postgres://bob:%P@host/name?sslmode=verify-ca",
    "postgres://bob:%P@host/name?schema=public",
    "postgres://host/name?user=bob&password=%P&pasword=%P",
    "postgres://host/name?user=bob&password=%P%",
    "postgres://host/name?sslpassword=%P",
    "postgres://host/name?%P",
    "postgres:/bob:%P@host/name",
    "postgres:bob:%P@host/name",
    "//bob:%P@host/name",
    "bob:%P@host/name",
    "%P",
    "Postgres://bob:%P@host/name",
    "POSTGRESQL://bob:%P@host/name",
    "mysql://bob:%P@host/name",
    "%P://bob@host/name",
    "postgresql+psycopg2://bob:%P@host/name",
    "jdbc:postgresql://host/name?user=bob&password=%P",
    "host=host user=bob password=%P dbname=name",
    "password='%P' host=host",
    "Server=host;User Id=bob;Password=%P",
    "DATABASE_URL=postgres://bob:%P@host/name",
    "export DATABASE_URL=postgres://bob:%P@host/name",
    "sqlite://bob:%P@host/name",
    "sqlite:postgres://bob:%P@host/name",
    "sqlite:accounts.db?key=%P",
    "sqlite:Data Source=accounts.db;Password=%P",
    "<postgres://bob:%P@host/name>",
  ],
  SMTP_URL: [
    '"smtps://bob:%P@host"',
    "'smtps://bob:%P@host'",
    "smtps://bob:%P@host\n",
    " smtps://bob:%P@host",
    "smtps://bob@example.com:%P@host",
    "smtps://bob:%P@",
    "smtps://bob:%P",
    "smtps://bob:%P@host:port",
    "smtps://bob:%P@host:0",
    "smtps://bob:%P@host/path",
    "smtps://bob:%P@host?secure=false",
    "smtps://bob:%P@host?pass=%P",
    "smtps://bob:%P@::1",
    "smtps://bob:%P@ho st",
    "smtp:bob:%P@host",
    "bob:%P@host:587",
    "%P",
    "SMTPS://bob:%P@host",
    "smtp+starttls://bob:%P@host",
    "tls://bob:%P@host",
    "host=host user=bob password=%P",
    "SMTP_URL=smtps://bob:%P@host",
  ],
};

const cases = (["DATABASE_URL", "SMTP_URL"] as const).flatMap((name) => {
  const url = { DATABASE_URL: "postgres://bob:%P@host/name", SMTP_URL: "smtps://bob:%P@host" }[name];
  const marked = special.filter((password) => /[@/?#% \n\t]/.test(password)).map((each) => url.replace("%P", each));
  return [...malformed[name].map((form) => form.replaceAll("%P", password)), ...marked].map((value) => ({
    name,
    value,
  }));
});

test("a URL that cannot be read is not printed, and the message names the setting and the likely cause", () => {
  assert.ok(cases.length > 80, `${cases.length} forms`);
  for (const { name, value } of cases) {
    assert.throws(
      () => readSettings({ [name]: value }),
      (error: Error) => {
        assert.ok(error instanceof SettingsError, `${name}=${value}: ${error.stack}`);
        assertHidden(inspect(error, { depth: 9, showHidden: true }), `${name}=${value}`);
        // The accepted form, an example of it, and the cause.
        assert.match(error.message, new RegExp(`^invalid settings:\n  ${name}=…: must be .+, such as .+; .+$`), value);
        return true;
      },
    );
  }
});

test("the message names the right cause", () => {
  const causes: [name: "DATABASE_URL" | "SMTP_URL", value: string, cause: RegExp][] = [
    ["DATABASE_URL", '"postgres://bob:x@host/name"', /remove the quotes/],
    ["DATABASE_URL", "postgres://bob:x@host/name\n", /remove the spaces, line breaks/],
    ["DATABASE_URL", "mysql://bob:x@host/name", /unknown scheme: it must start with postgres:\/\//],
    ["DATABASE_URL", "host=host password=x", /write it as a URL/],
    ["DATABASE_URL", "accounts.db", /the scheme is missing/],
    ["DATABASE_URL", "Postgres://host/name", /lower case/],
    ["DATABASE_URL", "postgres:/host/name", /two slashes/],
    ["DATABASE_URL", "postgres://bob:x@host:port/name", /the port must be a number/],
    ["DATABASE_URL", "postgres://bob@::1/name", /in brackets, such as \[::1\]/],
    [
      "DATABASE_URL",
      "postgres://host/name?sslmode=requir",
      /sslmode must be disable, require, verify-ca or verify-full$/,
    ],
    ["DATABASE_URL", "postgres://host/name?ssl_mode=require", /did you mean sslmode\?/],
    ["DATABASE_URL", "postgres://host/name?sslmode=disable&sslmode=require", /sslmode must appear only once/],
    ["SMTP_URL", "smtps://bob@example.com:x@host", /must be percent-encoded \(@ as %40/],
    ["SMTP_URL", "smtps://bob:100%@host", /write a literal % as %25/],
    ["SMTP_URL", "host:587", /unknown scheme/],
    ["SMTP_URL", "smtps://host?pool=true", /only \?requireTLS=true or \?requireTLS=false can follow the port/],
  ];
  for (const character of "@/?#") {
    causes.push(["DATABASE_URL", `postgres://bob:x${character}y@host/name`, /must be percent-encoded/]);
    causes.push(["SMTP_URL", `smtp://bob:x${character}y@host`, /must be percent-encoded/]);
  }
  for (const [name, value, cause] of causes) assert.throws(() => readSettings({ [name]: value }), cause, value);
});

test("every password can be percent-encoded in a URL", () => {
  for (const password of special) {
    const written = encodeURIComponent(password).replaceAll("'", "%27");
    assert.ok(readSettings({ DATABASE_URL: `postgres://bob:${written}@host:5432,other/name?sslmode=require` }));
    assert.ok(readSettings({ SMTP_URL: `smtp://bob:${written}@host:25?requireTLS=true` }));
  }
});

test("a URL with a password in any other setting is not printed either", () => {
  const { NODE_ENV: _, ...others } = readSettings();
  for (const name of Object.keys(others)) {
    for (const value of [
      `postgres://bob:${password}@host/name`,
      `postgres://bob:${one}@${two}@host/name`,
      `"smtps://bob:${password}@host"`,
      `https://bob:${password}@host`,
      `https://bob:${password}`,
      `https://host/?password=${password}`,
      `https://host:${password}/`,
      `host=host password=${password}`,
      `bob:${password}@host`,
    ]) {
      try {
        readSettings({ [name]: value });
      } catch (error) {
        assert.ok(error instanceof SettingsError);
        assertHidden(error.message, `${name}=${value}`);
      }
    }
  }
});

// id: wrong-setting-not-printed
test("a token or password in any other setting is not printed either", () => {
  const secrets = [
    "3b241101-e2bb-4255-8caf-4136c566a962",
    "12345678-1234-4234-8234-123456789012",
    "d41d8cd98f00b204e9800998ecf8427e",
    "deadbeefdeadbeefdeadbeefdeadbeef",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy",
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N",
    "JBSWY3DPEHPK3PXP",
    "SG.ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf09kqeF8tAmbihYzrnopKc1s5cr",
    "4242424242424242",
    "xkqjzvbnmwertyuiop",
    "correct horse battery staple",
    "correct-horse-battery-staple",
    "correct_horse_battery_staple",
    "Tr0ub4dor&3",
    "hunter2",
    "mySuperPwd",
    "P@ssw0rd",
    `${one}/${two}`,
    `${one}.${two}`,
    `${one}-${two}`,
    `${one} ${two}`,
    ` ${password}\n`,
    `"${password}"`,
    `\x1b[31m${password}`,
    `5000 ${password}`,
    `5000,${password}`,
    `https://example.com/${password}`,
    `10.0.0.1,${password}`,
  ];
  const { NODE_ENV: _, ...others } = readSettings();
  for (const name of Object.keys(others)) {
    for (const value of secrets) {
      try {
        readSettings({ [name]: value });
      } catch (error) {
        assert.ok(error instanceof SettingsError);
        const [line = ""] = error.message.split("\n").slice(1);
        // Some are valid cookie names or domains.
        if (!line.startsWith(`  ${name}=…: must be `))
          assert.match(name, /^(COOKIE_NAME|COOKIE_DOMAIN)$/, `${value}: ${line}`);
      }
    }
  }
});

test("HOST is not printed if it looks like a secret and the server cannot listen on it", () => {
  for (const code of ["ENOTFOUND", "EAI_AGAIN", "EOTHER"]) {
    const { message } = toListenError(Object.assign(new Error("x"), { code }), { HOST: password, PORT: 5000 });
    assert.match(message, /HOST=…/);
  }
});

test("neither the service nor the command line prints the URL or a stack", async () => {
  const chosen = cases.filter((_, i) => i % 9 === 0 || cases[i]?.value.includes("?"));
  for (const { name, value } of chosen) {
    for (const args of [[], ["users", "list"]]) {
      const { code, stdout, stderr } = await runCommand(args, { [name]: value });
      assert.deepEqual([code, stdout], [1, ""], value);
      assert.match(stderr, new RegExp(`^bienvenue: invalid settings:\n  ${name}=…: must be .+\n$`));
      assertHidden(stderr, value);
    }
  }
  for (const [from, to] of [
    ["sqlite:accounts.db", `mysql://bob:${password}@host/name`],
    [`postgres://bob:${one}?${two}@host/name`, "sqlite:accounts.db"],
  ] as const) {
    const { code, stdout, stderr } = await runCommand(["copy", "--from", from, "--to", to]);
    assert.deepEqual([code, stdout], [1, ""]);
    assertHidden(stderr, `${from} ${to}`);
    assert.match(stderr, /^bienvenue: invalid settings:\n {2}--(from|to)=…: must be a database URL, such as .+\n$/);
  }
});

test("errors of openDB do not contain the password", async () => {
  await using folder = await createTemporaryFolder();
  const unreadable = cases.filter(({ name, value }) => name === "DATABASE_URL" && !value.includes("accounts.db?"));
  const readable = [
    `postgres://bob:${password}@127.0.0.1:1/name`,
    `postgres://127.0.0.1:1/name?user=bob&password=${password}`,
    `postgres://bob:${password}@127.0.0.1:1/name?sslmode=prefer`,
    `postgres://bob:${password}@127.0.0.1:1/name?target_session_attrs=standby`,
    `postgres://bob:${password}@127.0.0.1:1/name?sslrootcert=${folder.path}/missing.crt`,
    `postgres://bob@127.0.0.1:1/name?options=-c%20app.key%3D${password}`,
    `postgres://bob:${password}@${"x".repeat(64)}.invalid/name`,
  ];
  for (const url of [...unreadable.map(({ value }) => value), ...readable]) {
    await assert.rejects(openDB(url), (error: Error) => {
      assert.ok(error instanceof OpenError, `${url}: ${error.stack}`);
      assertHidden(inspect(error, { depth: 9, showHidden: true }), url);
      return true;
    });
  }
});

test("a valid URL is printed without its password, and without parameters that can contain one", () => {
  for (const [url, printed] of [
    ["postgres://bob:secret@host/name", "postgres://bob:…@host/name"],
    ["postgresql://bob:sec%40ret@one:5432,two/name", "postgresql://bob:…@one:5432,two/name"],
    ["postgres://bob@host/name?password=secret&sslmode=require", "postgres://bob@host/name?password=…&sslmode=require"],
    ["postgres://host/name?options=-c%20app.key%3Dsecret", "postgres://host/name?options=…"],
    ["sqlite:bienvenue.db", "sqlite:bienvenue.db"],
    ["sqlite::memory:", "sqlite::memory:"],
  ] as const) {
    assert.equal(redactDatabaseUrl(url), printed);
  }
});
