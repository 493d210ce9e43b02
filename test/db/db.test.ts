import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { openDB } from "../../src/db/db.ts";
import { OpenError } from "../../src/errors.ts";
import { createTemporaryFolder } from "../support/service.ts";
import { createSqliteStore } from "../support/sqlite-store.ts";
import { runAsUnprivilegedUser } from "../support/unprivileged-user.ts";

/** Asserts that opening a database fails with this message. */
async function assertCannotOpen(path: string, reason: string): Promise<void> {
  await assert.rejects(openDB(`sqlite:${path}`), (error: Error) => {
    assert.ok(error instanceof OpenError, error.stack);
    assert.equal(error.message, `cannot use sqlite:${path}: it is ${reason}`);
    return true;
  });
}

const faults = {
  "read-only": "read-only; give this user write access to it, to the -wal and -shm next to it, and to its directory",
  corrupt: "corrupt; restore a backup",
  locked: "locked; stop the other program that uses it, or use another file",
  "not a database": "not a database; use another file",
  unreadable: "unreadable; make sure that its directory exists, and that it is a file that this user can read",
};

test("every in-memory database is new", async () => {
  for (let i = 0; i < 2; i++) {
    const db = await openDB("sqlite::memory:");
    assert.equal(await db.users.isEmpty(), true);
    await db.addUser("bob@example.com", "hash");
    assert.equal(await db.users.isEmpty(), false);
    await db.close();
  }
  assert.equal(existsSync(":memory:"), false);
});

test("a missing file is created and an empty file is used, whatever characters the name contains", async () => {
  await using folder = await createTemporaryFolder();
  for (const name of ["new.db", "empty.db", "with space ?mode=ro&x=%41#é.db"]) {
    const path = join(folder.path, name);
    if (name === "empty.db") writeFileSync(path, "");
    const db = await openDB(`sqlite:${path}`);
    await db.addUser("bob@example.com", "hash");
    await db.close();
    assert.equal(readFileSync(path).subarray(0, 15).toString(), "SQLite format 3");
  }
});

test("a missing directory, or a directory instead of the file, is reported as unreadable", async () => {
  await using folder = await createTemporaryFolder();
  await assertCannotOpen(join(folder.path, "missing", "accounts.db"), faults.unreadable);
  await assertCannotOpen(folder.path, faults.unreadable);
  writeFileSync(join(folder.path, "file"), "");
  await assertCannotOpen(join(folder.path, "file", "accounts.db"), faults.unreadable);
  await assertCannotOpen(join(folder.path, `${"x".repeat(300)}.db`), faults.unreadable);
  symlinkSync("circle.db", join(folder.path, "circle.db"));
  await assertCannotOpen(join(folder.path, "circle.db"), faults.unreadable);
});

test("a file that is not a database is rejected and stays unchanged", async () => {
  await using folder = await createTemporaryFolder();
  const path = join(folder.path, "letter.txt");
  const letter = "Dear Sir or Madam, ".repeat(500);
  writeFileSync(path, letter);
  await assertCannotOpen(path, faults["not a database"]);
  assert.equal(readFileSync(path, "utf8"), letter);
});

test("a damaged database is reported differently from a file that is not a database", async () => {
  await using store = await createSqliteStore();
  await store.db.addUser("bob@example.com", "hash");
  await store.db.close();
  const bytes = readFileSync(store.path);
  writeFileSync(store.path, bytes.fill("garbage ", 100));
  await assertCannotOpen(store.path, faults.corrupt);
});

test("a database that another program has locked is rejected after a timeout", async () => {
  await using folder = await createTemporaryFolder();
  const path = join(folder.path, "accounts.db");
  using other = new DatabaseSync(path);
  other.exec("begin exclusive");
  await assertCannotOpen(path, faults.locked);
  other.exec("rollback");
  await (await openDB(`sqlite:${path}`)).close();
});

test("a read-only file or directory is rejected, and used once it is writable", async () => {
  await runAsUnprivilegedUser(async () => {
    await using folder = await createTemporaryFolder();
    const inside = join(folder.path, "folder");
    mkdirSync(inside);
    const path = join(inside, "accounts.db");
    await (await openDB(`sqlite:${path}`)).close();

    chmodSync(inside, 0o500);
    await assertCannotOpen(path, faults["read-only"]);
    await assertCannotOpen(join(inside, "new.db"), faults["read-only"]);
    chmodSync(inside, 0o700);

    chmodSync(path, 0o400);
    await assertCannotOpen(path, faults["read-only"]);
    for (const name of readdirSync(inside)) chmodSync(join(inside, name), 0o600);
    await (await openDB(`sqlite:${path}`)).close();

    chmodSync(path, 0);
    await assertCannotOpen(path, faults.unreadable);
  });
});
