import assert from "node:assert/strict";
import { chmod, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { openDB } from "../../src/db/db.ts";
import { runCommand } from "../support/commands.ts";
import { createTemporaryFolder, startService } from "../support/service.ts";
import { createStoredSession } from "../support/stored-session.ts";

const email = "bob@example.com";

test("a backup made while the service writes is complete and private, and restores every account", async () => {
  await using folder = await createTemporaryFolder();
  const DATABASE_URL = `sqlite:${join(folder.path, "bienvenue.db")}`;
  const copy = join(folder.path, "copy.db");
  const sessionId = await createStoredSession(DATABASE_URL, email);
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
    assert.ok((await writing).every((response) => response.status === 200));
    assert.equal((await runCommand(["backup", copy], { DATABASE_URL })).code, 1, "overwrote a backup");

    const inUse = await runCommand(["restore", copy], { DATABASE_URL });
    assert.equal(inUse.code, 1);
    assert.match(inUse.stderr, /stop the service first\n$/);
    assert.equal(await service.stop("SIGTERM"), 0);
  }
  const { code, stdout, stderr } = await runCommand(["restore", copy], { DATABASE_URL });
  assert.equal(stderr, "");
  assert.equal(code, 0);
  assert.match(stdout, /^restored \S+; the previous database is now \S+\n$/);
  await using service = await startService({ DATABASE_URL });
  const profile = await fetch(`${service.url}/profile`, { headers: { Cookie: `session_id=${sessionId}` } });
  assert.deepEqual(await profile.json(), { email });
});

test("a file that is not a backup is not restored", async () => {
  await using folder = await createTemporaryFolder();
  const DATABASE_URL = `sqlite:${join(folder.path, "bienvenue.db")}`;
  const sessionId = await createStoredSession(DATABASE_URL, email);
  const other = join(folder.path, "other.db");
  await writeFile(other, "something else");
  const { code, stderr } = await runCommand(["restore", other], { DATABASE_URL });
  assert.equal(code, 1);
  assert.match(stderr, /is damaged, or not a Bienvenue backup\n$/);
  await using db = await openDB(DATABASE_URL);
  assert.ok(await db.sessions.findUser(sessionId));
});

test("a restored database is private, ignores a leftover -wal, and replaces a damaged one", async () => {
  await using folder = await createTemporaryFolder();
  const path = join(folder.path, "bienvenue.db");
  const DATABASE_URL = `sqlite:${path}`;
  const copy = join(folder.path, "copy.db");
  await createStoredSession(DATABASE_URL, email);
  assert.equal((await runCommand(["backup", copy], { DATABASE_URL })).code, 0);
  await chmod(copy, 0o644);
  {
    await using service = await startService({ DATABASE_URL });
    const body = new URLSearchParams({ email: "later@example.com", password: "x" });
    assert.equal((await fetch(`${service.url}/users`, { method: "POST", body })).status, 200);
    await service.stop("SIGKILL");
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
