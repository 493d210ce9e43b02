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
import { failToStart, type Service, startService, temporaryFolder } from "../support/service.ts";

const password = "secret";

/** Sends a form, and returns once the answer is there whole. */
async function send({ url }: Service, method: string, path: string, fields?: Record<string, string>, cookie = "") {
  const body = fields ? { body: new URLSearchParams(fields) } : {};
  const response = await fetch(url + path, { method, redirect: "manual", headers: { Cookie: cookie }, ...body });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

type Answer = Awaited<ReturnType<typeof send>>;

const register = (service: Service, email: string) => send(service, "POST", "/users", { email, password });

/** The cookie of a new session. */
async function logIn(service: Service, email: string): Promise<string> {
  const { headers } = await send(service, "POST", "/sessions", { email, password });
  return String(headers.get("Set-Cookie")).split(";")[0] ?? "";
}

/** All that a reset needs. */
async function resetOf(service: Service, email: string) {
  const { reset_token } = JSON.parse((await send(service, "POST", "/reset_password", { email })).text);
  return { email, reset_token, new_password: "new" };
}

/** Asserts an answer that says to come back, and nothing of what is behind it. */
function isUnavailable({ status, headers, text }: Answer): void {
  assert.equal(status, 503, text);
  assert.equal(headers.get("Retry-After"), "1");
  assert.equal(headers.get("Content-Type"), "application/json");
  assert.equal(text, '{"message":"the database is unavailable; try again"}\n');
}

// id: locked-database
test("while the database is locked writes get 503, who is logged in notices nothing, and all goes on afterwards", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "accounts.db");
  await using service = await startService({ DATABASE_URL: `sqlite:${path}` });
  await register(service, "bob@example.com");
  const cookie = await logIn(service, "bob@example.com");
  const reset = await resetOf(service, "bob@example.com");

  using other = new DatabaseSync(path);
  other.exec("begin exclusive");
  let waiting = true;
  const refused = Promise.all([
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
  for (const answer of await refused) isUnavailable(answer);
  other.exec("rollback");

  assert.equal(other.prepare("select count(*) as users from users").get()?.users, 1);
  assert.equal((await send(service, "GET", "/profile", undefined, cookie)).status, 200);
  assert.equal((await register(service, "alice@example.com")).status, 200);
  assert.equal((await send(service, "PUT", "/reset_password", reset)).status, 200);
});

/** Fills the disk while people register, frees it again, and looks at what was stored. */
async function fillUp(disk: Disk, reason: string): Promise<void> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "accounts.db");
  await using service = await startService({ DATABASE_URL: `sqlite:${path}` }, { under: disk.under(folder.path) });
  const pid = Number(service.process.pid);
  await register(service, "bob@example.com");
  const cookie = await logIn(service, "bob@example.com");
  const reset = await resetOf(service, "bob@example.com");

  disk.fill(pid, folder.path, "accounts.db");
  const emails = Array.from({ length: 60 }, (_, i) => `${i}@example.com`);
  // While the threads that hash are starting, not all of them have room in the queue.
  const registerInTurn = async (email: string): Promise<Answer> => {
    const answer = await register(service, email);
    if (!answer.text.includes("too many logins")) return answer;
    await sleep(100);
    return registerInTurn(email);
  };
  const answers = await Promise.all(emails.map(registerInTurn));
  const redeemed = (await send(service, "PUT", "/reset_password", reset)).status === 200;
  for (const answer of answers) if (answer.status !== 200) isUnavailable(answer);
  const acknowledged = emails.filter((_, i) => answers[i]?.status === 200);
  assert.ok(acknowledged.length < emails.length, "some were refused");
  assert.ok(service.logEntries.some((entry) => entry.event === "unavailable" && entry.reason === reason));
  assert.equal((await send(service, "GET", "/profile", undefined, cookie)).status, redeemed ? 403 : 200);
  assert.equal((await send(service, "GET", "/health/live")).status, 200);
  disk.free(pid, folder.path);

  assert.equal((await send(service, "PUT", "/reset_password", reset)).status, redeemed ? 403 : 200);
  assert.equal((await register(service, "alice@example.com")).status, 200);
  assert.equal((await send(service, "GET", "/health/ready")).status, 200);
  const copy = join(folder.path, "copy.db");
  for (const suffix of ["", "-wal"]) copyFileSync(disk.outerPath(pid, path) + suffix, copy + suffix);
  using stored = new DatabaseSync(copy);
  assert.equal(stored.prepare("pragma integrity_check").get()?.integrity_check, "ok");
  const found = stored.prepare("select email from users").all();
  const expected = ["bob@example.com", ...acknowledged, "alice@example.com"];
  assert.deepEqual(found.map((row) => String(row.email)).sort(), expected.sort());
}

const refusedYetWhole = "what is refused is not stored, what is acknowledged is, and all goes on when there is room";

test(`on a full disk ${refusedYetWhole}`, { skip: tinyDisk.unavailable }, () =>
  fillUp(tinyDisk, "the database is full"),
);

test(`where no file may grow ${refusedYetWhole}`, { skip: limitedDisk.unavailable }, () =>
  fillUp(limitedDisk, "the database is unreadable"),
);

test("a damaged database is told to whoever watches, and once it is restored the same process goes on", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "accounts.db");
  await using service = await startService({ DATABASE_URL: `sqlite:${path}` });
  await register(service, "bob@example.com");
  const cookie = await logIn(service, "bob@example.com");
  const profile = () => send(service, "GET", "/profile", undefined, cookie);
  assert.equal((await send(service, "GET", "/health/ready")).status, 200);
  {
    using other = new DatabaseSync(path);
    other.exec("pragma wal_checkpoint(truncate)");
  }
  const backup = readFileSync(path);

  writeFileSync(path, Buffer.alloc(backup.length, "garbage "));
  for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix);
  isUnavailable(await send(service, "GET", "/health/ready"));
  isUnavailable(await register(service, "alice@example.com"));
  isUnavailable(await profile());
  assert.equal((await send(service, "GET", "/health/live")).status, 200);

  writeFileSync(path, backup);
  assert.equal((await send(service, "GET", "/health/ready")).status, 200);
  assert.equal((await profile()).status, 200);
  assert.equal((await register(service, "alice@example.com")).status, 200);
  using stored = new DatabaseSync(path);
  assert.equal(stored.prepare("select count(*) as users from users").get()?.users, 2);
});

/** The service in this process: it opens its database as the program does. */
const serviceOf = (path: string) =>
  createBienvenue(readSettings({ DATABASE_URL: `sqlite:${path}`, BCRYPT_COST: "4" }), { hashThreads });

/** Leaves a whole database, and nothing beside it. */
async function createDatabase(path: string): Promise<void> {
  await using service = serviceOf(path);
  const { auth } = await service.start();
  await auth.registerUser("bob@example.com", password);
}

test("a database that cannot be used stops the start with one line that says why and what to do", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "accounts.db");
  await createDatabase(path);
  const whole = readFileSync(path);
  const isLine = (line: string, expected: RegExp, database: string) => {
    assert.ok(line.startsWith(`cannot use sqlite:${database}: it is `), line);
    assert.match(line, expected);
    assert.doesNotMatch(line, /\n/);
  };
  const refused = async (expected: RegExp, database = path) => {
    await using service = serviceOf(database);
    const error = await service.start().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof OpenError, String(error));
    isLine(error.message, expected, database);
  };
  writeFileSync(path, Buffer.alloc(8192, "garbage "));
  await refused(/it is not a database; use another file$/);
  writeFileSync(path, Buffer.from(whole).fill("garbage ", 100));
  await refused(/it is corrupt; restore a backup$/);
  writeFileSync(path, whole);
  chmodSync(path, 0o400);
  // The program itself: modes do not hold for root unless it gives up its capabilities.
  const under = process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];
  const { code, stdout, stderr } = await failToStart({ DATABASE_URL: `sqlite:${path}` }, [], { under });
  assert.deepEqual([code, stdout], [1, ""], stderr);
  const [, line = ""] = /^bienvenue: (.*)\n$/.exec(stderr) ?? [];
  isLine(
    line,
    /it is read-only; give this user write access to it, to the -wal and -shm next to it, and to its folder$/,
    path,
  );
  for (const suffix of ["", "-wal", "-shm"]) if (existsSync(path + suffix)) chmodSync(path + suffix, 0o600);
  {
    using other = new DatabaseSync(path);
    other.exec("begin exclusive");
    await refused(/it is locked; stop the other program that uses it, or use another file$/);
  }
  mkdirSync(join(folder.path, "folder"));
  await refused(/it is unreadable; make sure that its folder exists/, join(folder.path, "folder"));
  await using service = serviceOf(path);
  await service.start();
  assert.equal((await service.fetch(new Request("http://localhost/health/ready"))).status, 200);
});
