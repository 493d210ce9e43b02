import assert from "node:assert/strict";
import { chmod, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Auth } from "../../src/auth/auth.ts";
import { openDB } from "../../src/db/db.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { runCommand } from "../support/commands.ts";
import { createEmptyDatabase } from "../support/databases.ts";
import { startService, temporaryFolder } from "../support/service.ts";

const email = "bob@example.com";

/** Creates an account and logs in. */
async function logIn(url: string): Promise<string> {
  await using db = await openDB(url);
  const auth = new Auth(db, { settings: readSettings({ BCRYPT_COST: "4" }) });
  if (await db.users.isEmpty()) await auth.registerUser(email, "b4l0u");
  const sessionId = await auth.createSession(email);
  await auth.close();
  return sessionId as string;
}

test("copy moves a service from SQLite to PostgreSQL and back, and prints what it copied", async () => {
  await using file = await createEmptyDatabase("sqlite");
  await using server = await createEmptyDatabase("postgres");
  await using back = await createEmptyDatabase("sqlite");
  const sessionId = await logIn(file.url);
  for (const [from, to] of [
    [file.url, server.url],
    [server.url, back.url],
  ] as const) {
    const { code, stdout, stderr } = await runCommand(["copy", "--from", from, "--to", to]);
    assert.equal(stderr, "");
    assert.equal(code, 0);
    assert.match(stdout, /^copied 1 users, 1 sessions, [1-9] events from \S+ to \S+; checksums match\n$/);
    assert.ok(!stdout.includes("w%3Ard"), "shows a password");
  }
  await using service = await startService({ DATABASE_URL: back.url });
  const profile = await fetch(`${service.url}/profile`, { headers: { Cookie: `session_id=${sessionId}` } });
  assert.deepEqual(await profile.json(), { email });
});

test("copy rejects a target with accounts and a missing source, in one line", async () => {
  await using file = await createEmptyDatabase("sqlite");
  await using server = await createEmptyDatabase("postgres");
  await logIn(file.url);
  await logIn(server.url);
  for (const [expected, ...args] of [
    [1, "--from", file.url, "--to", server.url],
    [1, "--from", "sqlite:/nowhere/at/all.db", "--to", server.url],
    [1, "--from", file.url.replace("sqlite:", ""), "--to", server.url],
    [1, "--from", file.url, "--to", "other.db"],
    [2, "--from", file.url],
    [2, "--from", file.url, "--to", file.url],
    [2, "--form", file.url],
  ] as const) {
    const { code, stderr } = await runCommand(["copy", ...args]);
    assert.equal(code, expected, args.join(" "));
    assert.match(
      stderr,
      expected === 2 ? /^bienvenue: .+\nSee bienvenue copy --help\n$/ : /^bienvenue: .+\n(?: {2}.+\n)?$/,
    );
  }
});

test("migrate updates the schema, and --status lists what it would do", async () => {
  for (const engine of ["sqlite", "postgres"] as const) {
    await using database = await createEmptyDatabase(engine);
    const run = (args: string[]) => runCommand(["migrate", ...args], { DATABASE_URL: database.url });
    if (engine === "postgres") assert.match((await run(["--status"])).stdout, /^(pending +\d{4}_\S+\n)+$/);
    else assert.match((await run(["--status"])).stderr, /the file does not exist\n$/);
    const refused = await runCommand([], { DATABASE_URL: database.url, AUTO_MIGRATE: "off" });
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /schema is older than this version; run: bienvenue migrate\n$|the file does not exist\n$/,
    );
    const migrated = await runCommand(["migrate"], { DATABASE_URL: database.url, AUTO_MIGRATE: "off" });
    assert.match(migrated.stdout, /^(applied +\d{4}_\S+\n)+$/, migrated.stderr);
    assert.match((await run([])).stdout, /^(applied +\d{4}_\S+\n)+$/);
    assert.match((await run(["--status"])).stdout, /^(applied +\d{4}_\S+\n)+$/);
    await using service = await startService({ DATABASE_URL: database.url, AUTO_MIGRATE: "off" });
    assert.equal((await fetch(`${service.url}/health/ready`)).status, 200);
  }
});

test("a backup made while the service writes is complete and private, and restores every account", async () => {
  await using folder = await temporaryFolder();
  const DATABASE_URL = `sqlite:${join(folder.path, "bienvenue.db")}`;
  const copy = join(folder.path, "copy.db");
  const sessionId = await logIn(DATABASE_URL);
  {
    await using service = await startService({ DATABASE_URL });
    const register = (i: number) =>
      fetch(`${service.url}/users`, {
        method: "POST",
        body: new URLSearchParams({ email: `p${i}@example.com`, password: "x" }),
      });
    const writing = Promise.all(Array.from({ length: 20 }, (_, i) => register(i)));
    const { code, stderr } = await runCommand(["backup", copy], { DATABASE_URL });
    assert.equal(stderr, "");
    assert.equal(code, 0);
    assert.equal((await stat(copy)).mode & 0o777, 0o600);
    assert.ok((await writing).every((answer) => answer.status === 200));
    assert.equal((await runCommand(["backup", copy], { DATABASE_URL })).code, 1, "overwrote a backup");

    const inUse = await runCommand(["restore", copy], { DATABASE_URL });
    assert.equal(inUse.code, 1);
    assert.match(inUse.stderr, /stop the service first\n$/);
    assert.equal(await service.end("SIGTERM"), 0);
  }
  const { code, stdout, stderr } = await runCommand(["restore", copy], { DATABASE_URL });
  assert.equal(stderr, "");
  assert.equal(code, 0);
  assert.match(stdout, /^restored \S+; the previous database is now \S+\n$/);
  await using service = await startService({ DATABASE_URL });
  const profile = await fetch(`${service.url}/profile`, { headers: { Cookie: `session_id=${sessionId}` } });
  assert.deepEqual(await profile.json(), { email });
});

test("a file that is no backup is not restored", async () => {
  await using folder = await temporaryFolder();
  const DATABASE_URL = `sqlite:${join(folder.path, "bienvenue.db")}`;
  const sessionId = await logIn(DATABASE_URL);
  const other = join(folder.path, "other.db");
  await writeFile(other, "something else");
  const { code, stderr } = await runCommand(["restore", other], { DATABASE_URL });
  assert.equal(code, 1);
  assert.match(stderr, /is damaged, or not a Bienvenue backup\n$/);
  await using db = await openDB(DATABASE_URL);
  assert.ok(await db.sessions.findUser(sessionId));
});

test("a restored database is private, ignores a leftover -wal, and replaces a damaged one", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "bienvenue.db");
  const DATABASE_URL = `sqlite:${path}`;
  const copy = join(folder.path, "copy.db");
  await logIn(DATABASE_URL);
  assert.equal((await runCommand(["backup", copy], { DATABASE_URL })).code, 0);
  await chmod(copy, 0o644);
  {
    await using service = await startService({ DATABASE_URL });
    const body = new URLSearchParams({ email: "later@example.com", password: "x" });
    assert.equal((await fetch(`${service.url}/users`, { method: "POST", body })).status, 200);
    await service.end("SIGKILL");
  }
  const accounts = async () => {
    using db = new DatabaseSync(path);
    return db
      .prepare("select email from users")
      .all()
      .map((row) => row.email);
  };
  for (const make of [() => rename(path, `${path}.bad`), () => writeFile(path, "garbage".repeat(1000))]) {
    await make();
    const { code, stderr } = await runCommand(["restore", copy], { DATABASE_URL });
    assert.equal(stderr, "");
    assert.equal(code, 0);
    assert.deepEqual(await accounts(), [email]);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  }
});
