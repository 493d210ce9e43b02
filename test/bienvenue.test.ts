import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { HashThreads } from "../src/auth/auth.ts";
import { createBienvenue } from "../src/bienvenue.ts";
import type { Log } from "../src/observe/log.ts";
import { type Environment, readSettings, type Settings } from "../src/settings/settings.ts";
import { findFreePort } from "./support/postgres-server.ts";
import { createTemporaryFolder } from "./support/service.ts";
import { Clock, createRecordingLog, day, form } from "./support/world.ts";

const bob = { email: "bob@example.com", password: "b4l0u" };
const closed = { name: "DatabaseUnavailable", fault: "closed" };

function settings(environment: Environment = {}) {
  return readSettings({ DATABASE_URL: "sqlite::memory:", BCRYPT_COST: "4", ...environment });
}

/** Returns a log, its entries, and a function that waits for an event. */
function createWatchedLog() {
  const logged: Record<string, unknown>[] = [];
  const added = new EventTarget();
  const list = createRecordingLog(logged);
  const record = (level: keyof Log) => (fields: object, message: string) => {
    list[level](fields, message);
    added.dispatchEvent(new Event("added"));
  };
  const waitForEvent = async (event: string) => {
    while (!logged.some((entry) => entry.event === event)) await once(added, "added");
  };
  return { log: { info: record("info"), warn: record("warn"), error: record("error") }, logged, waitForEvent };
}

function get(path: string, init?: RequestInit): Request {
  return new Request(`http://localhost:5000${path}`, init);
}

describe("createBienvenue", () => {
  test("reads no settings and opens no database, and neither does the disposal", async () => {
    let reads = 0;
    {
      await using _ = createBienvenue(() => {
        reads++;
        return settings();
      });
    }
    assert.equal(reads, 0);
  });

  test("without settings, reads those of the environment at the start", async () => {
    await using bienvenue = createBienvenue();
    Object.assign(process.env, { DATABASE_URL: "sqlite::memory:", BCRYPT_COST: "4", SERVICE_NAME: "Example" });
    const { auth, isEmpty } = await bienvenue.start();
    assert.deepEqual([auth.settings.SERVICE_NAME, isEmpty], ["Example", true]);
  });

  test("installs no signal handlers, and does not keep a program running that does not dispose of it", async () => {
    const library = JSON.stringify(new URL("../src/index.ts", import.meta.url));
    const program = `
      import { createBienvenue } from ${library};
      const bienvenue = createBienvenue();
      const { auth } = await bienvenue.start();
      await auth.registerUser("bob@example.com", "b4l0u");
      const { status } = await bienvenue.fetch(new Request("http://localhost/profile"));
      console.log(status, process.listenerCount("SIGTERM"), process.listenerCount("SIGINT"));`;
    const env = { DATABASE_URL: "sqlite::memory:", BCRYPT_COST: "4" };
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], { env });
    assert.equal(stdout, "403 0 0\n");
  });
});

describe("the start", () => {
  test("happens once for all requests and calls", async () => {
    let reads = 0;
    await using bienvenue = createBienvenue(() => {
      reads++;
      return settings();
    });
    const [welcome, profile, started] = await Promise.all([
      bienvenue.fetch(get("/")),
      bienvenue.fetch(get("/profile")),
      bienvenue.start(),
    ]);
    assert.deepEqual([welcome.status, profile.status], [200, 403]);
    assert.equal(await bienvenue.start(), started);
    await started.auth.registerUser(bob.email, bob.password);
    assert.equal((await bienvenue.fetch(get("/sessions", form(bob)))).status, 200);
    assert.equal(reads, 1);
  });

  test("throws if settings are invalid; a request gets 500 and the error is logged, and the next request retries", async () => {
    const { log, logged } = createWatchedLog();
    let environment: Environment = { PORT: "x", BCRYPT_COST: "3" };
    await using bienvenue = createBienvenue(() => settings(environment), { log });
    const wrong = { name: "SettingsError", message: /\n {2}PORT=x: must.*\n {2}BCRYPT_COST=3: must/ };
    await assert.rejects(bienvenue.start(), wrong);
    assert.deepEqual(logged, []);
    const response = await bienvenue.fetch(get("/"));
    assert.deepEqual([response.status, response.headers.get("Error-Code")], [500, "internal"]);
    assert.equal(await response.text(), '{"message":"internal error; the log has the details"}\n');
    assert.equal(response.headers.get("Cache-Control"), "no-store");
    assert.deepEqual(
      logged.map(({ level, message, err }) => [level, message, (err as Error).name]),
      [["error", "could not start", "SettingsError"]],
    );
    environment = {};
    assert.equal((await bienvenue.fetch(get("/"))).status, 200);
  });

  test("throws for settings that do not come from readSettings, which a program without types can pass", async () => {
    const some = { DATABASE_URL: "sqlite::memory:" };
    for (const invalid of [some, () => some, null, async () => settings()]) {
      await using bienvenue = createBienvenue(invalid as unknown as Settings);
      await assert.rejects(bienvenue.start(), { name: "TypeError", message: /^settings must come from readSettings/ });
    }
  });

  test("without the database, requests get 503 until it is available", async () => {
    const { log, logged } = createWatchedLog();
    let DATABASE_URL = `postgres://127.0.0.1:${await findFreePort()}/name`;
    await using bienvenue = createBienvenue(() => settings({ DATABASE_URL }), { log });
    const response = await bienvenue.fetch(get("/profile?email=bob@example.com"));
    assert.deepEqual([response.status, response.headers.get("Error-Code")], [503, "database_unavailable"]);
    assert.equal(response.headers.get("Retry-After"), "1");
    assert.deepEqual(
      logged.map(({ level, event, path }) => [level, event, path]),
      [["warn", "unavailable", "/profile"]],
    );
    assert.match(String(logged[0]?.reason), /^cannot use postgres:.*unreachable/);
    DATABASE_URL = "sqlite::memory:";
    assert.equal((await bienvenue.fetch(get("/profile"))).status, 403);
  });

  test("logs warnings and errors to the console by default", async (context) => {
    const error = context.mock.method(console, "error", () => {});
    await using bienvenue = createBienvenue(() => settings({ PORT: "x" }));
    assert.equal((await bienvenue.fetch(get("/"))).status, 500);
    assert.equal(error.mock.calls[0]?.arguments[0], "bienvenue: could not start");
  });
});

describe("a started service", () => {
  test("hashes on the threads of the option hashThreads, and does not close them", async (context) => {
    const threads = new HashThreads(1);
    context.after(() => threads.close());
    const run = context.mock.method(threads, "run");
    for (const { email, password } of [bob, { ...bob, email: "alice@example.com" }]) {
      await using bienvenue = createBienvenue(settings(), { hashThreads: threads });
      const { auth } = await bienvenue.start();
      await auth.registerUser(email, password);
    }
    assert.equal(run.mock.callCount(), 2);
  });

  test("knows the caller from Node's request as { incoming }", async () => {
    await using bienvenue = createBienvenue(settings());
    const { auth } = await bienvenue.start();
    await auth.registerUser(bob.email, bob.password);
    const reset = (bindings?: object) =>
      bienvenue.fetch(
        get("/reset_password", { ...form({ email: bob.email }), headers: { Host: "localhost:5000" } }),
        bindings,
      );
    const incoming = { headers: {}, socket: { remoteAddress: "127.0.0.1" } };
    assert.equal((await reset()).headers.get("Error-Code"), "reset_delivery");
    assert.match(await (await reset({ incoming })).text(), /"reset_token":/);
  });

  test("delivers emails in the background, to the outbox if SMTP_URL is none", async () => {
    const { log, waitForEvent } = createWatchedLog();
    await using bienvenue = createBienvenue(settings({ RESET_DELIVERY: "email" }), { log });
    const { auth, outbox } = await bienvenue.start();
    await auth.registerUser(bob.email, bob.password);
    assert.equal((await bienvenue.fetch(get("/reset_password", form({ email: bob.email })))).status, 200);
    await waitForEvent("mail_waits");
    assert.deepEqual(
      outbox?.mails.map(({ kind, to }) => [kind, to]),
      [["reset_password", bob.email]],
    );
  });

  test("deletes expired rows in the background, using the option clock", async (context) => {
    context.mock.timers.enable({ apis: ["setInterval"] });
    const { log, waitForEvent } = createWatchedLog();
    const clock = new Clock();
    await using bienvenue = createBienvenue(settings(), { log, clock: clock.now });
    const { auth } = await bienvenue.start();
    await auth.registerUser(bob.email, bob.password);
    const sessionId = await auth.createSession(bob.email);
    assert.equal((await auth.getUserFromSessionId(sessionId))?.email, bob.email);
    clock.advance(31 * day);
    assert.equal(await auth.getUserFromSessionId(sessionId), null);
    context.mock.timers.tick(10 * 60_000);
    await waitForEvent("swept");
  });
});

describe("the disposal", () => {
  test("closes everything, and can be called twice", async () => {
    await using folder = await createTemporaryFolder();
    const DATABASE_URL = `sqlite:${join(folder.path, "accounts.db")}`;
    const { log, logged } = createWatchedLog();
    const bienvenue = createBienvenue(settings({ DATABASE_URL }), { log });
    assert.equal((await bienvenue.fetch(get("/sessions", form(bob)))).status, 401);
    assert.ok(readdirSync(folder.path).includes("accounts.db-wal"));
    await Promise.all([bienvenue[Symbol.asyncDispose](), bienvenue[Symbol.asyncDispose]()]);
    assert.deepEqual(readdirSync(folder.path), ["accounts.db"]);

    logged.length = 0;
    const response = await bienvenue.fetch(get("/"));
    assert.deepEqual([response.status, response.headers.get("Error-Code")], [503, "database_unavailable"]);
    assert.deepEqual(
      logged.map(({ event, reason }) => [event, reason]),
      [["unavailable", "the database is closed"]],
    );
    await assert.rejects(bienvenue.start(), closed);
    assert.deepEqual(readdirSync(folder.path), ["accounts.db"]);
  });

  test("prevents a later start", async () => {
    let reads = 0;
    const bienvenue = createBienvenue(() => {
      reads++;
      return settings();
    });
    await bienvenue[Symbol.asyncDispose]();
    await assert.rejects(bienvenue.start(), closed);
    assert.equal(reads, 0);
  });

  for (const way of ["the disposal", "the signal"]) {
    test(`ends a running start and leaves nothing open: ${way}`, async () => {
      await using folder = await createTemporaryFolder();
      const file = join(folder.path, "accounts.db");
      // Another node is migrating.
      const other = new DatabaseSync(file);
      other.exec("pragma journal_mode = wal; begin immediate");
      const { log, waitForEvent } = createWatchedLog();
      const stop = new AbortController();
      const bienvenue = createBienvenue(settings({ DATABASE_URL: `sqlite:${file}` }), { log, signal: stop.signal });
      const first = bienvenue.fetch(get("/"));
      const starting = assert.rejects(bienvenue.start(), closed);
      await waitForEvent("migration_waiting");
      if (way === "the signal") stop.abort();
      else await bienvenue[Symbol.asyncDispose]();
      await starting;
      assert.equal((await first).status, 503);
      await bienvenue[Symbol.asyncDispose]();
      other.close();
      assert.deepEqual(readdirSync(folder.path), ["accounts.db"]);
    });
  }
});

test("the signal ends background work, but requests are still answered until the disposal", async (context) => {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const stop = new AbortController();
  await using bienvenue = createBienvenue(settings({ RESET_DELIVERY: "email" }), { signal: stop.signal });
  const { auth, outbox } = await bienvenue.start();
  await auth.registerUser(bob.email, bob.password);
  await auth.resetPassword.request(bob.email);
  stop.abort();
  context.mock.timers.tick(1000);
  assert.equal((await bienvenue.fetch(get("/sessions", form(bob)))).status, 200);
  assert.equal(await auth.outbox.count(), 1);
  assert.deepEqual(outbox?.mails, []);
});
