import assert from "node:assert/strict";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createBienvenue } from "../../src/bienvenue.ts";
import { OpenError } from "../../src/errors.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { type Disk, limitedDisk, tinyDisk } from "../support/disks.ts";
import { hashThreads } from "../support/hash-threads.ts";
import { createTemporaryFolder, runProgram, type Service, startService } from "../support/service.ts";

const password = "secret";

/** Sends a form and reads the whole response. */
async function send({ url }: Service, method: string, path: string, fields?: Record<string, string>, cookie = "") {
  const body = fields ? { body: new URLSearchParams(fields) } : {};
  const response = await fetch(url + path, { method, redirect: "manual", headers: { Cookie: cookie }, ...body });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

type CompleteResponse = Awaited<ReturnType<typeof send>>;

const register = (service: Service, email: string) => send(service, "POST", "/users", { email, password });

/** Returns the cookie of a new session. */
async function logIn(service: Service, email: string): Promise<string> {
  const { headers } = await send(service, "POST", "/sessions", { email, password });
  return String(headers.get("Set-Cookie")).split(";")[0] ?? "";
}

/** Requests a password reset, and returns the fields that redeem it. */
async function createReset(service: Service, email: string) {
  const { reset_token } = JSON.parse((await send(service, "POST", "/reset_password", { email })).text);
  return { email, reset_token, new_password: "new" };
}

/** Asserts that a response is a 503 with Retry-After that reveals nothing about the fault. */
function assertUnavailable({ status, headers, text }: CompleteResponse): void {
  assert.equal(status, 503, text);
  assert.equal(headers.get("Retry-After"), "1");
  assert.equal(headers.get("Content-Type"), "application/json");
  assert.equal(text, '{"message":"the database is unavailable; try again"}\n');
}

// id: locked-database
test("while the database is locked, writes get 503 and sessions still work; afterwards writes work again", async () => {
  await using folder = await createTemporaryFolder();
  const path = join(folder.path, "accounts.db");
  await using service = await startService({ DATABASE_URL: `sqlite:${path}` });
  await register(service, "bob@example.com");
  const cookie = await logIn(service, "bob@example.com");
  const reset = await createReset(service, "bob@example.com");

  using lockHolder = new DatabaseSync(path);
  lockHolder.exec("begin exclusive");
  let waiting = true;
  const writes = Promise.all([
    register(service, "alice@example.com"),
    send(service, "POST", "/sessions", { email: "bob@example.com", password }),
    send(service, "DELETE", "/sessions", undefined, cookie),
    send(service, "POST", "/reset_password", { email: "bob@example.com" }),
    send(service, "PUT", "/reset_password", reset),
  ]).finally(() => {
    waiting = false;
  });
  for (let i = 0; waiting; i++) {
    assert.equal((await send(service, "GET", "/profile", undefined, cookie)).status, 200);
    if (i === 0) assert.equal((await send(service, "GET", "/health/live")).status, 200);
    await sleep(20);
  }
  for (const response of await writes) assertUnavailable(response);
  lockHolder.exec("rollback");

  assert.equal(lockHolder.prepare("select count(*) as users from users").get()?.users, 1);
  assert.equal((await send(service, "GET", "/profile", undefined, cookie)).status, 200);
  assert.equal((await register(service, "alice@example.com")).status, 200);
  assert.equal((await send(service, "PUT", "/reset_password", reset)).status, 200);
});

/** Fills the disk during registrations, frees it again, and checks which accounts were stored. */
async function registerOnFullDisk(disk: Disk, reason: string): Promise<void> {
  await using folder = await createTemporaryFolder();
  const path = join(folder.path, "accounts.db");
  await using service = await startService(
    { DATABASE_URL: `sqlite:${path}` },
    { wrapper: disk.wrapperFor(folder.path) },
  );
  const pid = Number(service.process.pid);
  await register(service, "bob@example.com");
  const cookie = await logIn(service, "bob@example.com");
  const reset = await createReset(service, "bob@example.com");

  disk.fill(pid, folder.path, "accounts.db");
  const emails = Array.from({ length: 60 }, (_, i) => `${i}@example.com`);
  // Until the hash threads have started, the hash queue has no room for all registrations.
  const registerWithRetry = async (email: string): Promise<CompleteResponse> => {
    const response = await register(service, email);
    if (!response.text.includes("too many logins")) return response;
    await sleep(100);
    return registerWithRetry(email);
  };
  const responses = await Promise.all(emails.map(registerWithRetry));
  const redeemed = (await send(service, "PUT", "/reset_password", reset)).status === 200;
  for (const response of responses) if (response.status !== 200) assertUnavailable(response);
  const acknowledged = emails.filter((_, i) => responses[i]?.status === 200);
  assert.ok(acknowledged.length < emails.length, "some registrations failed");
  assert.ok(service.logEntries.some((entry) => entry.event === "unavailable" && entry.reason === reason));
  assert.equal((await send(service, "GET", "/profile", undefined, cookie)).status, redeemed ? 403 : 200);
  assert.equal((await send(service, "GET", "/health/live")).status, 200);
  disk.free(pid, folder.path);

  assert.equal((await send(service, "PUT", "/reset_password", reset)).status, redeemed ? 403 : 200);
  assert.equal((await register(service, "alice@example.com")).status, 200);
  assert.equal((await send(service, "GET", "/health/ready")).status, 200);
  const copy = join(folder.path, "copy.db");
  for (const suffix of ["", "-wal"]) copyFileSync(disk.toHostPath(pid, path) + suffix, copy + suffix);
  using stored = new DatabaseSync(copy);
  assert.equal(stored.prepare("pragma integrity_check").get()?.integrity_check, "ok");
  const users = stored.prepare("select email from users").all();
  const expected = ["bob@example.com", ...acknowledged, "alice@example.com"];
  assert.deepEqual(users.map((row) => String(row.email)).sort(), expected.sort());
}

const expectation = "only acknowledged writes are stored, and writes work again once there is room";

test(`on a full disk, ${expectation}`, { skip: tinyDisk.unavailable }, () =>
  registerOnFullDisk(tinyDisk, "the database is full"),
);

test(`if no file can grow, ${expectation}`, { skip: limitedDisk.unavailable }, () =>
  registerOnFullDisk(limitedDisk, "the database is unreadable"),
);

test("a damaged database makes /health/ready fail, and once it is restored the same process works again", async () => {
  await using folder = await createTemporaryFolder();
  const path = join(folder.path, "accounts.db");
  await using service = await startService({ DATABASE_URL: `sqlite:${path}` });
  await register(service, "bob@example.com");
  const cookie = await logIn(service, "bob@example.com");
  const profile = () => send(service, "GET", "/profile", undefined, cookie);
  assert.equal((await send(service, "GET", "/health/ready")).status, 200);
  {
    using db = new DatabaseSync(path);
    db.exec("pragma wal_checkpoint(truncate)");
  }
  const backup = readFileSync(path);

  writeFileSync(path, Buffer.alloc(backup.length, "garbage "));
  for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix);
  assertUnavailable(await send(service, "GET", "/health/ready"));
  assertUnavailable(await register(service, "alice@example.com"));
  assertUnavailable(await profile());
  assert.equal((await send(service, "GET", "/health/live")).status, 200);

  writeFileSync(path, backup);
  assert.equal((await send(service, "GET", "/health/ready")).status, 200);
  assert.equal((await profile()).status, 200);
  assert.equal((await register(service, "alice@example.com")).status, 200);
  using stored = new DatabaseSync(path);
  assert.equal(stored.prepare("select count(*) as users from users").get()?.users, 2);
});

/** Creates the service in this process. It opens its database as the program does. */
const createService = (path: string) =>
  createBienvenue(readSettings({ DATABASE_URL: `sqlite:${path}`, BCRYPT_COST: "4" }), { hashThreads });

/** Creates a database file with one account, and closes it, which deletes the -wal and -shm files. */
async function createDatabase(path: string): Promise<void> {
  await using service = createService(path);
  const { auth } = await service.start();
  await auth.registerUser("bob@example.com", password);
}

test("if the database cannot be used, the start fails with one line that names the reason and the remedy", async () => {
  await using folder = await createTemporaryFolder();
  const path = join(folder.path, "accounts.db");
  await createDatabase(path);
  const intact = readFileSync(path);
  const assertLine = (line: string, expected: RegExp, database: string) => {
    assert.ok(line.startsWith(`cannot use sqlite:${database}: it is `), line);
    assert.match(line, expected);
    assert.doesNotMatch(line, /\n/);
  };
  const failToOpen = async (expected: RegExp, database = path) => {
    await using service = createService(database);
    const error = await service.start().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof OpenError, String(error));
    assertLine(error.message, expected, database);
  };
  writeFileSync(path, Buffer.alloc(8192, "garbage "));
  await failToOpen(/it is not a database; use another file$/);
  writeFileSync(path, Buffer.from(intact).fill("garbage ", 100));
  await failToOpen(/it is corrupt; restore a backup$/);
  writeFileSync(path, intact);
  chmodSync(path, 0o400);
  // In a separate process, because file modes restrict root only without its capabilities.
  const wrapper = process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];
  const { code, stdout, stderr } = await runProgram({ DATABASE_URL: `sqlite:${path}` }, [], { wrapper });
  assert.deepEqual([code, stdout], [1, ""], stderr);
  const [, line = ""] = /^bienvenue: (.*)\n$/.exec(stderr) ?? [];
  assertLine(
    line,
    /it is read-only; give this user write access to it, to the -wal and -shm next to it, and to its directory$/,
    path,
  );
  for (const suffix of ["", "-wal", "-shm"]) if (existsSync(path + suffix)) chmodSync(path + suffix, 0o600);
  {
    using lockHolder = new DatabaseSync(path);
    lockHolder.exec("begin exclusive");
    await failToOpen(/it is locked; stop the other program that uses it, or use another file$/);
  }
  mkdirSync(join(folder.path, "folder"));
  await failToOpen(/it is unreadable; make sure that its directory exists/, join(folder.path, "folder"));
  await using service = createService(path);
  await service.start();
  assert.equal((await service.fetch(new Request("http://localhost/health/ready"))).status, 200);
});
