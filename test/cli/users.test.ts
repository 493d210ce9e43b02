import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Auth } from "../../src/auth/auth.ts";
import { type DB, openDB } from "../../src/db/db.ts";
import { languages } from "../../src/languages/languages.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { runCommand } from "../support/commands.ts";
import { createMigratedDatabase, type TestDatabase } from "../support/databases.ts";
import { getCurrentEngine, test } from "../support/engines.ts";
import { startService } from "../support/service.ts";

const email = "bob@example.com";
const password = "b4l0u";
/** Terminal control sequences in 7 and 8 bits, a change of text direction, a line end and a private character. */
const hostile = "\x1b[2J\x9b2J\u202ecurl\nroot \u{10ffff}";

interface World extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly db: DB;
  readonly auth: Auth;
  /** Runs `bienvenue users …`, which must succeed, and returns its standard output. */
  succeed(...args: string[]): Promise<string>;
  /** Runs `bienvenue users …`, which must fail, and returns its standard error. */
  fail(...args: string[]): Promise<string>;
  /** Runs `bienvenue users … --json`, and returns the parsed output. */
  json(...args: string[]): Promise<Record<string, unknown>>;
}

async function createWorld(): Promise<World> {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createMigratedDatabase(getCurrentEngine()));
  const db = resources.use(await openDB(database.url));
  const auth = resources.adopt(new Auth(db, { settings: readSettings({ BCRYPT_COST: "4" }) }), (auth) => auth.close());
  const run = (args: string[]) => runCommand(["users", ...args], { DATABASE_URL: database.url });
  const succeed = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(args);
    assert.equal(stderr, "");
    assert.equal(code, 0);
    return stdout;
  };
  return {
    database,
    db,
    auth,
    succeed,
    async fail(...args) {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 1);
      assert.equal(stdout, "");
      return stderr;
    },
    async json(...args) {
      const text = await succeed(...args, "--json");
      assert.match(text, /^\{.*\}\n$/);
      return JSON.parse(text);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

test("list returns accounts page by page, and searches for a part of the address", async () => {
  await using world = await createWorld();
  assert.equal(await world.succeed("list"), "no accounts\n");
  for (const name of ["ann", "b_b", "bob", "carol", "dave"]) {
    await world.database.run(
      `insert into users (email, hashed_password, created_at, updated_at) values ('${name}@example.com', 'x', 1e12, 1e12)`,
    );
  }
  const page = (users: unknown) => (users as { email: string }[]).map((user) => user.email.split("@")[0]);
  const { users: first, next } = await world.json("list", "--limit", "2");
  assert.deepEqual([page(first), next], [["ann", "b_b"], 2]);
  const { users: last, next: end } = await world.json("list", "--limit", "3", "--after", String(next));
  assert.deepEqual([page(last), end], [["bob", "carol", "dave"], null]);
  assert.deepEqual(page((await world.json("list", "--search", "B_B")).users), ["b_b"]);
  assert.deepEqual((last as unknown[])[0], {
    id: 3,
    email,
    email_verified_at: null,
    disabled_at: null,
    created_at: "2001-09-09T01:46:40.000Z",
    updated_at: "2001-09-09T01:46:40.000Z",
  });
  const time = "2001-09-09T01:46:40Z";
  assert.equal(
    await world.succeed("list", "--limit", "2"),
    [
      "id  email            verified  disabled  created",
      `1   ann@example.com  –         –         ${time}`,
      `2   b_b@example.com  –         –         ${time}`,
      "continue with: --after 2\n",
    ].join("\n"),
  );
});

test("an account is found by its id and by its address in any spelling", async () => {
  await using world = await createWorld();
  const { id } = await world.auth.registerUser(email, password);
  for (const who of [String(id), email, " BOB@Example.com"]) {
    const { user } = await world.json("show", who);
    assert.deepEqual([(user as { id: number }).id, (user as { email: string }).email], [id, email]);
  }
  assert.match(await world.succeed("show", email), /^id {2}email .*\n1 {3}bob@example\.com .*\n$/);
  for (const who of ["eve@example.com", "bob", "999", "99999999999999999999"]) {
    assert.equal(await world.fail("show", who), `bienvenue: there is no account ${who}\n`);
  }
  assert.equal(await world.fail("show", "\x1b[2J"), "bienvenue: there is no account ?[2J\n");
});

// id: invited-chooses-password
test("an invited user chooses the password through an email link; no operator knows it", async () => {
  await using world = await createWorld();
  assert.match(
    await world.succeed("create", "Bob@example.com", "--language", "fr"),
    /^created Bob@example\.com and queued an email .*\n$/,
  );
  assert.match(await world.fail("create", email), /already exists\n$/);
  assert.match(await world.fail("create", "bob"), /not a valid address\n$/);
  assert.match(await world.succeed("reset", email), /^queued a password reset email to Bob@example\.com\n$/);
  assert.deepEqual(
    (await world.auth.outbox.list(9)).map(({ kind, email: to, language }) => [kind, to, language]),
    [
      ["invitation", "Bob@example.com", "fr"],
      ["reset", "Bob@example.com", "en"],
    ],
  );
  assert.equal((await world.db.findUserBy({ email })).hashedPassword, "!");
  for (const guess of ["!", "", " "]) assert.equal(await world.auth.validLogin(email, guess), false);
});

// id: disabling-ends-sessions
test("disabling ends sessions immediately, even in a running service, and enabling restores none", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(email, password);
  await using service = await startService({ DATABASE_URL: world.database.url });
  const body = () => new URLSearchParams({ email, password });
  const logIn = () => fetch(`${service.url}/sessions`, { method: "POST", body: body() });
  const login = await logIn();
  const headers = { Cookie: login.headers.get("Set-Cookie")?.split(";")[0] ?? "" };
  const profile = async () => (await fetch(`${service.url}/profile`, { headers })).status;
  assert.equal(await profile(), 200);
  assert.match(await world.succeed("disable", email), /^disabled bob@example\.com and ended its sessions\n$/);
  assert.equal(await profile(), 403);
  assert.equal((await logIn()).status, 401);
  assert.equal(await world.fail("disable", email), `bienvenue: ${email} is already disabled\n`);
  assert.equal(await world.fail("reset", email), `bienvenue: ${email} is disabled\n`);
  const { user } = await world.json("enable", "1");
  assert.equal((user as { disabled_at: unknown }).disabled_at, null);
  assert.equal(await world.fail("enable", email), `bienvenue: ${email} is already enabled\n`);
  assert.equal(await profile(), 403);
  assert.equal((await logIn()).status, 200);
});

// id: sessions-ended-by-handle
test("revoke ends the session with an id from the list of sessions, or without an id all of them", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(email, password);
  assert.equal(await world.succeed("sessions", email), "no sessions\n");
  const firefox = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0";
  await world.auth.createSession(email, { ip: "192.0.2.1", userAgent: firefox });
  for (let i = 0; i < 3; i++) await world.auth.createSession(email, { userAgent: hostile });
  const { sessions } = (await world.json("sessions", email)) as { sessions: Record<string, string>[] };
  assert.deepEqual(Object.keys(sessions[0] ?? {}), [
    "id",
    "device",
    "user_agent",
    "ip",
    "created_at",
    "last_seen_at",
    "expires_at",
  ]);
  assert.equal(sessions.filter(({ user_agent }) => user_agent === hostile).length, 3);
  assert.match(
    await world.succeed("sessions", email),
    /^[\w-]{43} {2}Firefox\/Linux {2}192\.0\.2\.1 {2}20\d\d-\S+Z {2}20\d\d-\S+Z$/m,
  );
  assert.deepEqual(await world.json("revoke", email, `--session=${sessions[0]?.id}`), { ended: 1 });
  assert.equal(
    await world.fail("revoke", email, `--session=${sessions[0]?.id}`),
    `bienvenue: ${email} has no such session\n`,
  );
  assert.equal(await world.succeed("revoke", email), `ended 3 sessions of ${email}\n`);
  assert.equal(await world.fail("revoke", email), `bienvenue: ${email} has no sessions\n`);
  assert.deepEqual(await world.auth.admin.listSessions(1), []);
});

test("delete asks for confirmation at a terminal, and requires --yes elsewhere", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(email, password);
  assert.equal(await world.fail("delete", email), "bienvenue: this cannot be undone; confirm it with --yes\n");
  assert.ok(await world.auth.admin.findAccount(email));
  const terminal = async (answer: string) => {
    const run = `'${process.execPath}' bin/bienvenue.js users delete ${email}`;
    const env = { PATH: process.env.PATH, DATABASE_URL: world.database.url };
    const running = promisify(execFile)("script", ["-qec", run, "/dev/null"], { env });
    // Waits for the question: earlier input would be echoed and ignored.
    running.child.stdout?.on("data", (output) => {
      if (String(output).includes("[y/N]")) running.child.stdin?.write(answer);
    });
    return running.catch((error) => error as { code: number; stdout: string });
  };
  // The engine does not matter here, so one runs all answers.
  for (const no of getCurrentEngine() === "sqlite" ? ["\r", "n\r", "\x04", "\x03"] : ["\r"]) {
    const { stdout } = await terminal(no);
    assert.match(
      stdout,
      /delete bob@example\.com \(1\) permanently\? \[y\/N\][\s\S]*nothing was deleted/,
      JSON.stringify(no),
    );
    assert.ok(await world.auth.admin.findAccount(email));
  }
  assert.match((await terminal("y\r")).stdout, /deleted bob@example\.com/);
  assert.equal(await world.auth.admin.findAccount(email), null);
  await world.auth.registerUser(email, password);
  assert.deepEqual(Object.keys(await world.json("delete", email, "--yes")), ["user"]);
  assert.equal(await world.fail("delete", email, "--yes"), `bienvenue: there is no account ${email}\n`);
});

test("an operator's action is in the audit trail before the command exits", async () => {
  await using world = await createWorld();
  await world.succeed("create", email);
  for (const act of ["disable", "enable", "reset"]) await world.succeed(act, email);
  await world.auth.createSession(email);
  await world.succeed("revoke", email);
  const trail = async () =>
    (await world.auth.audit.list({ limit: 9 })).map(({ event, userId, detail }) => [event, userId, detail]);
  const expected = [
    ["account_invited", 1, "by an operator"],
    ["account_disabled", 1, "by an operator"],
    ["account_enabled", 1, "by an operator"],
    ["reset_asked", 1, "by an operator"],
    ["sessions_ended", 1, "by an operator: 1"],
  ];
  assert.deepEqual(await trail(), expected);
  await world.succeed("delete", email, "--yes");
  const anonymous = expected.map(([event, , detail]) => [event, null, detail]);
  assert.deepEqual(await trail(), [...anonymous, ["account_deleted", null, "by an operator"]]);
});

test("an operator's action that failed is in the audit trail with the reason", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(email, password);
  await world.fail("create", email);
  await world.fail("create", "bob");
  await world.fail("enable", email);
  await world.fail("revoke", email);
  await world.fail("revoke", email, "--session=xyz");
  await world.succeed("disable", email);
  await world.fail("disable", email);
  await world.fail("reset", email);
  assert.equal(await world.auth.admin.deleteAccount(2), false);
  const events = await world.auth.audit.list({ limit: 99 });
  assert.deepEqual(
    events.map(({ event, userId, detail }) => [event, userId, detail]).filter(([event]) => event !== "user_registered"),
    [
      ["operation_refused", null, "account_invited: email_taken"],
      ["operation_refused", null, "account_invited: email_invalid"],
      ["operation_refused", 1, "account_enabled: unchanged, or no such account"],
      ["operation_refused", 1, "sessions_ended: no such session"],
      ["operation_refused", 1, "sessions_ended: no such session"],
      ["account_disabled", 1, "by an operator"],
      ["operation_refused", 1, "account_disabled: unchanged, or no such account"],
      ["operation_refused", 1, "reset_asked: disabled, or no such account"],
      ["operation_refused", null, "account_deleted: no such account"],
    ],
  );
});

test("a wrong argument exits with 2 and points to the help, and no command creates a database", async () => {
  await using world = await createWorld();
  for (const args of [
    [],
    ["lst"],
    ["toString"],
    ["list", "bob"],
    ["list", "--limit", "-1"],
    ["list", "--limit", "0"],
    ["list", "--after", "x"],
    ["list", "--after", "99999999999"],
    ["show"],
    ["show", email, "eve@example.com"],
    ["show", email, "--yes"],
    ["create", email, "--language", "xx"],
    ["create", email, "--password", "x"],
  ]) {
    const { code, stdout, stderr } = await runCommand(["users", ...args], { DATABASE_URL: world.database.url });
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    if (args.length === 0) assert.match(stderr, /^Usage: bienvenue users .+\n[\s\S]* {2}list /);
    else assert.match(stderr, /^bienvenue: .+\nSee bienvenue users( \w+)? --help\n$/, args.join(" "));
    if (args.includes("xx")) assert.ok(stderr.includes(languages.join(", ")), stderr);
  }
  const { code, stderr } = await runCommand(["users", "list"], { DATABASE_URL: "sqlite:/nowhere/at/all.db" });
  assert.deepEqual([code, stderr], [1, "bienvenue: cannot use sqlite:/nowhere/at/all.db: the file does not exist\n"]);
});
