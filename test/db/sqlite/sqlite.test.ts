import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Kysely, sql } from "kysely";
import { openDB } from "../../../src/db/db.ts";
import type { Awaitable } from "../../../src/db/engine.ts";
import type { Schema } from "../../../src/db/schema.ts";
import { createSqliteEngine } from "../../../src/db/sqlite/sqlite.ts";
import { DatabaseUnavailable, EmailTaken } from "../../../src/errors.ts";
import { createTemporaryFolder } from "../../support/service.ts";
import { createSqliteStore, flushPromises } from "../../support/sqlite-store.ts";

test("a write is on the disk before it is acknowledged, and readers do not wait for it", async () => {
  await using store = await createSqliteStore();
  assert.deepEqual({ ...store.openRaw().prepare("pragma journal_mode").get() }, { journal_mode: "wal" });
  const engine = createSqliteEngine(store.path);
  await using db = new Kysely<Schema>({ dialect: engine.dialect });
  const pragma = async (name: string) => (await sql.raw<object>(`pragma ${name}`).execute(db)).rows[0];
  assert.deepEqual({ ...(await pragma("synchronous")) }, { synchronous: 2 });
  assert.deepEqual({ ...(await pragma("trusted_schema")) }, { trusted_schema: 0 });
});

test("deleting a user deletes their sessions", async () => {
  await using store = await createSqliteStore();
  const { id: userId } = await store.db.addUser("bob@example.com", "hash");
  await store.db.sessions.open({ userId, sessionId: "session" });
  const engine = createSqliteEngine(store.path);
  await using db = new Kysely<Schema>({ dialect: engine.dialect });
  await db.deleteFrom("users").execute();
  assert.deepEqual(store.readRows("sessions"), []);
  assert.equal(await store.db.sessions.findUser("session"), null);
  await assert.rejects(store.db.updateUser(userId, { sessionId: "another" }));
});

test("only the user who runs the program can read the database files, whatever the umask", async () => {
  await using folder = await createTemporaryFolder();
  const former = process.umask();
  try {
    for (const umask of [0, 0o022, 0o077]) {
      process.umask(umask);
      const name = `umask-${umask}.db`;
      const db = await openDB(`sqlite:${join(folder.path, name)}`);
      await db.addUser("bob@example.com", "hash");
      const files = readdirSync(folder.path).filter((file) => file.startsWith(name));
      assert.deepEqual(files, [name, `${name}-shm`, `${name}-wal`]);
      for (const file of files) assert.equal(statSync(join(folder.path, file)).mode & 0o777, 0o600, file);
      await db.close();
    }
  } finally {
    process.umask(former);
  }
});

// id: transaction-unseen
test("no reader sees an uncommitted or failed transaction", async () => {
  await using store = await createSqliteStore();
  const engine = createSqliteEngine(store.path);
  await using db = new Kysely<Schema>({ dialect: engine.dialect });
  const users = db.selectFrom("users").select("email");
  const user = { email: "bob@example.com", hashed_password: "hash", created_at: 1, updated_at: 1 };
  for (const fails of [true, false]) {
    let read: Promise<object[]> | undefined;
    let late: Awaitable<object[]> = [];
    const write = db.transaction().execute(async (transaction) => {
      await transaction.insertInto("users").values(user).execute();
      read = users.execute();
      await flushPromises();
      // Not synchronous: the read waits for the transaction, so that it sees committed data only.
      late = engine.read(users.compile());
      assert.ok(late instanceof Promise);
      assert.deepEqual(store.readRows("users"), []);
      if (fails) throw new Error("on purpose");
    });
    if (fails) await assert.rejects(write, { message: "on purpose" });
    else await write;
    const expected = fails ? 0 : 1;
    const now = engine.read(users.compile());
    assert.ok(Array.isArray(now), "reads are synchronous again");
    assert.deepEqual([(await read)?.length, (await late).length, now.length], [expected, expected, expected]);
  }
});

test("no reader sees an intermediate state of an update that fails", async () => {
  await using store = await createSqliteStore();
  const { db } = store;
  const { id } = await db.addUser("bob@example.com", "hash");
  await db.sessions.open({ userId: id, sessionId: "bob's" });
  const alice = await db.addUser("alice@example.com", "hash");
  await db.sessions.open({ userId: alice.id, sessionId: "alice's" });
  let isSettled = false;
  const update = db.updateUser(id, { email: "half@example.com", sessionId: "alice's" }).finally(() => {
    isSettled = true;
  });
  const failed = assert.rejects(update);
  const reads = [];
  while (!isSettled) {
    reads.push(db.sessions.findUser("bob's"), db.findUserBy({ id }));
    await null;
  }
  await failed;
  assert.ok(reads.length > 20);
  for (const user of await Promise.all(reads)) assert.equal(user?.email, "bob@example.com");
});

test("hundreds of simultaneous transactions and statements do not interfere", async () => {
  await using store = await createSqliteStore();
  const { db } = store;
  await db.addUser("taken@example.com", "hash");
  const users = Array.from({ length: 60 }, async (_, i) => {
    const { id: userId } = await db.addUser(`${i}@example.com`, "hash");
    const [taken, ...opened] = await Promise.all([
      assert.rejects(db.updateUser(userId, { email: "taken@example.com", sessionId: "lost" }), EmailTaken),
      ...["phone", "laptop"].map((name) => db.sessions.open({ userId, sessionId: `${name} ${i}` })),
      db.updateUser(userId, { resetToken: `token ${i}` }),
      db.findUserBy({ email: `${i}@example.com` }),
    ]);
    assert.deepEqual([taken, opened.length], [undefined, 4]);
    return userId;
  });
  const ids = await Promise.all(users);
  assert.equal(new Set(ids).size, 60);
  assert.equal(store.readRows("sessions").length, 120);
  for (const [i, id] of ids.entries()) {
    for (const name of ["phone", "laptop"]) assert.equal((await db.sessions.findUser(`${name} ${i}`))?.id, id);
    assert.equal((await db.findUserBy({ resetToken: `token ${i}` })).email, `${i}@example.com`);
  }
  assert.equal(await db.sessions.findUser("lost"), null);
});

test("while another program has the database locked, writes wait and reads do not", async () => {
  await using store = await createSqliteStore();
  const { db } = store;
  const { id: userId } = await db.addUser("bob@example.com", "hash");
  await db.sessions.open({ userId, sessionId: "session" });
  for (const lock of ["begin immediate", "begin exclusive"]) {
    const other = store.openRaw();
    other.exec(lock);
    let settled = 0;
    const count = () => void settled++;
    const writes = [db.addUser(`${lock}@example.com`, "hash"), db.sessions.open({ userId, sessionId: lock })];
    for (const write of writes) write.then(count, count);
    await flushPromises();
    assert.equal((await db.sessions.findUser("session"))?.id, userId);
    assert.equal((await db.findUserBy({ id: userId })).email, "bob@example.com");
    await db.ping();
    assert.equal(settled, 0);
    other.exec("commit");
    await Promise.all(writes);
    assert.equal((await db.sessions.findUser(lock))?.id, userId);
  }
});

test("a write that times out is rejected and stores nothing", async () => {
  await using store = await createSqliteStore();
  const { db } = store;
  const other = store.openRaw();
  other.exec("begin immediate");
  const writes = ["a", "b", "c"].map((name) => db.addUser(`${name}@example.com`, "hash"));
  for (const { reason } of (await Promise.allSettled(writes)) as PromiseRejectedResult[]) {
    assert.ok(reason instanceof DatabaseUnavailable);
    assert.equal(reason.fault, "locked");
  }
  other.exec("commit");
  assert.deepEqual(store.readRows("users"), []);
  assert.equal((await db.addUser("bob@example.com", "hash")).id, 1);
});
