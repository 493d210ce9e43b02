import assert from "node:assert/strict";
import { chmodSync, copyFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { type DatabaseFault, DatabaseUnavailable } from "../../../src/errors.ts";
import { limitedDisk, limitFileSize } from "../../support/disks.ts";
import { createSqliteStore, type SqliteStore } from "../../support/sqlite-store.ts";
import { runAsUnprivilegedUser } from "../../support/unprivileged-user.ts";

/** Creates a store with one user and one session, and a backup of its file. */
async function createBackedUp(): Promise<SqliteStore & { backup: string; userId: number }> {
  const store = await createSqliteStore();
  const { id: userId } = await store.db.addUser("bob@example.com", "hash");
  await store.db.sessions.open({ userId, sessionId: "session" });
  emptyWal(store);
  const backup = `${store.path}.backup`;
  copyFileSync(store.path, backup);
  return Object.assign(store, { backup, userId });
}

/** Moves all changes from the -wal file to the database file. */
function emptyWal(store: SqliteStore): void {
  using raw = store.openRaw();
  raw.exec("pragma wal_checkpoint(truncate)");
}

function removeCompanions(path: string): void {
  for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
}

/** Asserts that every kind of call fails with this fault. */
async function assertUnavailable({ db }: SqliteStore, fault: DatabaseFault): Promise<void> {
  const hasFault = (error: unknown) => {
    assert.ok(error instanceof DatabaseUnavailable, String(error));
    assert.equal(error.fault, fault);
    return true;
  };
  await assert.rejects(db.ping(), hasFault);
  await assert.rejects(db.findUserBy({ id: 1 }), hasFault);
  await assert.rejects(async () => db.sessions.findUser("session"), hasFault);
  await assert.rejects(db.addUser("lost@example.com", "hash"), hasFault);
  await assert.rejects(db.updateUser(1, { resetToken: "lost" }), hasFault);
}

/** Asserts that the same connection works again, and that acknowledged writes are in the file. */
async function assertWorks(store: SqliteStore, address: string): Promise<void> {
  const user = await store.db.addUser(address, "hash");
  assert.equal((await store.db.sessions.findUser("session"))?.email, "bob@example.com");
  await store.db.sessions.open({ userId: user.id, sessionId: address });
  using raw = store.openRaw();
  assert.ok(raw.prepare("select 1 from users where email = ?").get(address));
  assert.equal(raw.prepare("select count(*) as sessions from sessions where user_id = ?").get(user.id)?.sessions, 1);
  assert.equal(raw.prepare("pragma integrity_check").get()?.integrity_check, "ok");
}

test("a damaged file is reported, and the connection works again once the file is restored", async () => {
  await using store = await createBackedUp();
  const size = statSync(store.path).size;
  for (const [damage, fault] of [
    [Buffer.alloc(size, "garbage "), "not a database"],
    [readFileSync(store.path).fill("garbage ", 100), "corrupt"],
    [readFileSync(store.path).subarray(0, 4096 * 2), "corrupt"],
    [Buffer.alloc(0), "not a database"],
  ] as const) {
    writeFileSync(store.path, damage);
    removeCompanions(store.path);
    await assertUnavailable(store, fault);
    await assertUnavailable(store, fault);
    copyFileSync(store.backup, store.path);
    await assertWorks(store, `${fault}@example.com`);
    emptyWal(store);
  }
});

test("a missing file is not created again, and the connection works once it is back", async () => {
  await using store = await createBackedUp();
  rmSync(store.path);
  removeCompanions(store.path);
  await assertUnavailable(store, "unreadable");
  assert.throws(() => statSync(store.path), { code: "ENOENT" });
  renameSync(store.backup, store.path);
  await assertWorks(store, "alice@example.com");
});

test("after a backup has replaced the file, nothing is written to the old file", async () => {
  await using store = await createBackedUp();
  await store.db.addUser("after.the.backup@example.com", "hash");
  removeCompanions(store.path);
  renameSync(store.backup, store.path);
  await assertWorks(store, "alice@example.com");
  assert.deepEqual(
    store.readRows("users").map((row) => row.email),
    ["bob@example.com", "alice@example.com"],
  );
});

test("writes after the -wal was removed are stored", async () => {
  await using store = await createBackedUp();
  for (let i = 0; i < 3; i++) {
    await store.db.addUser(`${i}@example.com`, "hash");
    removeCompanions(store.path);
  }
  await assertWorks(store, "alice@example.com");
  assert.equal(store.readRows("users").length, 5);
});

test("a file that became read-only is reported when it is reopened, and works once it is writable", async () => {
  await runAsUnprivilegedUser(async () => {
    await using store = await createBackedUp();
    renameSync(store.backup, store.path);
    removeCompanions(store.path);
    chmodSync(store.path, 0o400);
    for (let i = 0; i < 2; i++) {
      await assert.rejects(store.db.addUser("lost@example.com", "hash"), { fault: "read-only" });
      if (i === 0) assert.equal((await store.db.sessions.findUser("session"))?.email, "bob@example.com");
    }
    for (const suffix of ["", "-wal", "-shm"]) chmodSync(store.path + suffix, 0o600);
    await assertWorks(store, "alice@example.com");
  });
});

const skip = limitedDisk.unavailable;

// id: full-disk
test("on a full disk, acknowledged writes are stored and rejected ones are not", {
  skip,
}, async () => {
  await using store = await createBackedUp();
  const { db } = store;
  const acknowledged: string[] = [];
  let rejected = 0;
  const add = async (i: number) => {
    const address = `${i}@example.com`;
    try {
      const { id } = await db.addUser(address, "x".repeat(250));
      acknowledged.push(address);
      await db.updateUser(id, { hashedPassword: "y".repeat(250), sessionId: address });
    } catch (error) {
      assert.ok(error instanceof DatabaseUnavailable, String(error));
      rejected++;
    }
  };
  await Promise.all(Array.from({ length: 50 }, (_, i) => add(i)));
  assert.equal(rejected, 0);
  try {
    limitFileSize(process.pid, statSync(`${store.path}-wal`).size);
    for (let from = 50; from < 450; from += 20) await Promise.all(Array.from({ length: 20 }, (_, i) => add(from + i)));
  } finally {
    limitFileSize(process.pid, "unlimited");
  }
  assert.ok(rejected > 0 && acknowledged.length > 50);
  await assertWorks(store, "alice@example.com");
  const stored = store.readRows("users").map((row) => String(row.email));
  assert.deepEqual(stored.sort(), ["bob@example.com", "alice@example.com", ...acknowledged].sort());
  const changed = store.readRows("users").filter((row) => String(row.hashed_password).startsWith("y"));
  assert.equal(store.readRows("sessions").length, changed.length + 2, "an update is stored completely or not at all");
});

test("a transaction that a full disk rolls back affects no other transaction", { skip }, async () => {
  await using store = await createBackedUp();
  const { db, userId } = store;
  const getCause = (work: Promise<void>) =>
    work.then(
      () => undefined,
      (error: DatabaseUnavailable) => error.cause,
    );
  const rolledBack = new Set<string>();
  // In each round, the second transaction begins one step later, relative to the first.
  for (let moment = 0; moment < 60; moment++) {
    emptyWal(store);
    for (let i = 0; i < 20; i++) await db.updateUser(userId, { hashedPassword: "z".repeat(200 + i) });
    limitFileSize(process.pid, statSync(`${store.path}-wal`).size);
    const first = getCause(db.updateUser(userId, { hashedPassword: `${moment}`, sessionId: `${moment}` }));
    for (let i = 0; i < moment; i++) await null;
    const other = getCause(db.updateUser(userId, { emailVerifiedAt: moment }));
    try {
      await Promise.race([first, other]);
    } finally {
      limitFileSize(process.pid, "unlimited");
    }
    const causes = { first: await first, other: await other };
    const rejected = Object.entries(causes).filter(([, cause]) => cause !== undefined);
    assert.ok(rejected.length > 0, `${moment}: no transaction was rolled back`);
    for (const [name, cause] of rejected) {
      rolledBack.add(name);
      assert.ok(cause instanceof Error, `${moment}: ${name}: ${cause}`);
    }
    const { hashedPassword, emailVerifiedAt } = await db.findUserBy({ id: userId });
    assert.equal(hashedPassword === `${moment}`, causes.first === undefined);
    assert.equal((await db.sessions.findUser(`${moment}`)) !== null, causes.first === undefined);
    assert.equal(emailVerifiedAt === moment, causes.other === undefined);
  }
  assert.deepEqual([...rolledBack].sort(), ["first", "other"]);
});
