import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { openDB } from "../../src/db/db.ts";
import { OpenError } from "../../src/errors.ts";
import { createTemporaryFolder } from "../support/service.ts";
import { createSqliteStore } from "../support/sqlite-store.ts";

test("the tables have the contract's columns, and users has none for sessions", async () => {
  await using store = await createSqliteStore();
  const columns = (table: string) =>
    store
      .openRaw()
      .prepare(`select name, lower(type) as type, "notnull" as required, pk from pragma_table_info('${table}')`)
      .all()
      .map(
        ({ name, type, required, pk }) => `${name} ${type}${pk ? " primary key" : ""}${required ? " not null" : ""}`,
      );
  assert.deepEqual(columns("users"), [
    "id integer primary key",
    "email varchar(250) not null",
    "hashed_password varchar(250) not null",
    "reset_token varchar(250)",
    "reset_token_expires_at bigint",
    "email_verified_at bigint",
    "disabled_at bigint",
    "created_at bigint not null",
    "updated_at bigint not null",
    "email_spelling varchar(250)",
    "known_since bigint",
  ]);
  assert.deepEqual(columns("sessions"), [
    "session_id varchar(250) primary key not null",
    "user_id integer not null",
    "created_at bigint not null",
    "last_seen_at bigint not null",
    "expires_at bigint not null",
    "ip varchar(250)",
    "user_agent varchar(250)",
    "confirmed_at bigint",
    "previous_id varchar(250)",
    "renewed_at bigint",
    "renewal_nonce varchar(250)",
    "handle varchar(250)",
  ]);
});

test("opening a database again does not change it", async () => {
  await using store = await createSqliteStore();
  const bob = await store.db.addUser("bob@example.com", "hash");
  const before = [store.readRows("sqlite_schema"), store.readRows("kysely_migration"), store.readRows("users")];
  const again = await store.open();
  await store.db.close();
  await again.close();
  const later = await store.open();
  assert.deepEqual(
    [store.readRows("sqlite_schema"), store.readRows("kysely_migration"), store.readRows("users")],
    before,
  );
  assert.deepEqual(await later.findUserBy({ id: 1 }), bob);
});

/** The program of a process that opens and writes to each database whose URL it receives, and reports the result. */
const opener = `
  const { openDB } = await import(${JSON.stringify(new URL("../../src/db/db.ts", import.meta.url).href)});
  process.on("message", async (url) => {
    try {
      const db = await openDB(url);
      await db.addUser(process.pid + "@example.com", "hash");
      await db.close();
      process.send("opened");
    } catch (error) {
      process.send(String(error));
    }
  });
  process.send("ready");
`;

test("five processes can open an empty database at the same time", async () => {
  await using folder = await createTemporaryFolder();
  const openers = Array.from({ length: 5 }, () =>
    spawn(process.execPath, ["--input-type=module", "--eval", opener], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    }),
  );
  const receiveMessage = async (child: ChildProcess) => (await once(child, "message"))[0];
  try {
    await Promise.all(openers.map(receiveMessage));
    for (let i = 0; i < 20; i++) {
      const path = join(folder.path, `${i}.db`);
      if (i % 2 === 1) writeFileSync(path, "");
      const results = openers.map(receiveMessage);
      for (const child of openers) child.send(`sqlite:${path}`);
      assert.deepEqual(
        await Promise.all(results),
        openers.map(() => "opened"),
      );
      using raw = new DatabaseSync(path);
      assert.equal(raw.prepare("select * from users").all().length, 5);
    }
  } finally {
    for (const child of openers) child.kill();
  }
});

test("a database of a newer version is rejected, and the error names the migration and the remedy", async () => {
  await using store = await createSqliteStore();
  await store.db.addUser("bob@example.com", "hash");
  store.openRaw().exec("insert into kysely_migration values ('0099_from_the_future', '2040-01-01')");
  await assert.rejects(openDB(store.url), (error: Error) => {
    assert.ok(error instanceof OpenError);
    const reason =
      "a newer version of Bienvenue has migrated it (0099_from_the_future); run that version or a later one";
    assert.equal(error.message, `cannot use ${store.url}: ${reason}`);
    return true;
  });
  assert.equal(store.readRows("users").length, 1);
});

test("a database with tables of another program is rejected, and no byte of it changes", async () => {
  await using folder = await createTemporaryFolder();
  for (const table of ["users", "sessions"]) {
    const path = join(folder.path, `${table}.db`);
    const raw = new DatabaseSync(path);
    raw.exec(`create table ${table} (name text); insert into ${table} values ('somebody')`);
    raw.close();
    const before = readFileSync(path);
    await assert.rejects(openDB(`sqlite:${path}`), (error: Error) => {
      assert.ok(error instanceof OpenError);
      assert.equal(
        error.message,
        `cannot use sqlite:${path}: it contains tables of another program; use an empty database`,
      );
      return true;
    });
    assert.ok(readFileSync(path).equals(before));
    assert.equal(existsSync(`${path}-wal`), false);
  }
});
