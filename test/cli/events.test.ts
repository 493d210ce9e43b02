import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openDB } from "../../src/db/db.ts";
import { runCommand } from "../support/commands.ts";
import { createMigratedDatabase } from "../support/databases.ts";
import { getCurrentEngine, test } from "../support/engines.ts";
import { startService } from "../support/service.ts";

const program = fileURLToPath(new URL("../../bin/bienvenue.js", import.meta.url));
const at = Date.UTC(2030, 0, 1);
const entry = { at, event: "logged_in", userId: null, ip: "192.0.2.1", userAgent: "curl/8", detail: null };

async function createWorld() {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createMigratedDatabase(getCurrentEngine()));
  const db = resources.use(await openDB(database.url));
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCommand(["events", ...args], { DATABASE_URL: database.url });
    assert.equal(stderr, "");
    assert.equal(code, 0);
    return stdout;
  };
  return { url: database.url, sql: database.run, db, run, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

test("events prints the newest events, oldest first, of all accounts or one", async () => {
  await using world = await createWorld();
  assert.equal(await world.run(), "");
  const { id } = await world.db.addUser("bob@example.com", "x");
  for (const detail of ["one", "two", "three"]) await world.db.audit.add([{ ...entry, detail }]);
  await world.db.audit.add([{ ...entry, event: "logged_out", userId: id }]);
  const lines = (await world.run("--limit", "2")).split("\n");
  assert.deepEqual(lines, [
    "2030-01-01T00:00:00Z  logged_in              –          192.0.2.1        three",
    "2030-01-01T00:00:00Z  logged_out             user 1     192.0.2.1",
    "",
  ]);
  const { events } = JSON.parse(await world.run("--user", "bob@example.com", "--json"));
  assert.deepEqual(events, [
    {
      id: 4,
      at: "2030-01-01T00:00:00.000Z",
      event: "logged_out",
      user_id: id,
      ip: "192.0.2.1",
      user_agent: "curl/8",
      detail: null,
    },
  ]);
  for (const args of [["--limit", "0"], ["--limit", "x"], ["more"], ["--users", "1"]]) {
    const { code, stderr } = await runCommand(["events", ...args], { DATABASE_URL: world.url });
    assert.equal(code, 2);
    assert.match(stderr, /^bienvenue: .+\nSee bienvenue events --help\n$/);
  }
});

test("stored text cannot control the terminal, and JSON has it unchanged", async () => {
  await using world = await createWorld();
  const hostile = "\x1b[2J\x9b1;1H\u202e\u2028\r\nforged";
  await world.db.audit.add([{ ...entry, detail: hostile, userAgent: hostile }]);
  for (const args of [[], ["--json"]]) {
    const text = await world.run(...args);
    assert.match(text, /^[^\p{C}\p{Zl}\p{Zp}]+\n$/u);
  }
  const { events } = JSON.parse(await world.run("--json"));
  assert.equal(events[0].detail, hostile);
});

test("events from just before the service stops are in the audit trail", async () => {
  await using world = await createWorld();
  await using service = await startService({ DATABASE_URL: world.url });
  await fetch(`${service.url}/sessions`, { method: "POST", headers: { "User-Agent": "curl/8" } });
  assert.equal(await service.stop("SIGTERM"), 0);
  const { events } = JSON.parse(await world.run("--json"));
  assert.partialDeepStrictEqual(events, [{ event: "login_refused", ip: "127.0.0.1", user_agent: "curl/8" }]);
});

test("--follow prints each event once, in whatever order they are committed, until it is interrupted", async () => {
  await using world = await createWorld();
  await world.db.audit.add([{ ...entry, detail: "before" }]);
  const env = { PATH: process.env.PATH, DATABASE_URL: world.url };
  const child = spawn(process.execPath, [program, "events", "--follow", "--json"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const printed: string[] = [];
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => printed.push(JSON.parse((await lines.next()).value ?? "{}").detail);
  await next();
  await world.sql(`insert into events (id, at, event, detail) values (99, ${at}, 'logged_in', 'one')`);
  await world.sql(`insert into events (id, at, event, detail) values (100, ${at}, 'logged_in', 'two')`);
  await next();
  await next();
  // Another node allocated this id earlier and commits it later.
  await world.sql(
    `insert into events (id, at, event, detail) values (50, ${at}, 'logged_in', 'late'), (150, ${at}, 'logged_in', 'last')`,
  );
  await next();
  await next();
  child.kill("SIGINT");
  const [code] = await ended;
  assert.equal(code, 0);
  assert.equal((await lines.next()).done, true);
  assert.deepEqual(printed, ["before", "one", "two", "late", "last"]);
});
