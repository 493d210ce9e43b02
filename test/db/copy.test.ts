import assert from "node:assert/strict";
import { test } from "node:test";
import { Auth } from "../../src/auth/auth.ts";
import { type DB, openDB } from "../../src/db/db.ts";
import { tables } from "../../src/db/schema.ts";
import { InvalidRequestError } from "../../src/errors.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { createMigratedDatabase, type TestDatabase } from "../support/databases.ts";

const email = "bob@example.com";
const settings = readSettings({ BCRYPT_COST: "4" });

/** Changes the address of an account. */
async function changeEmail(db: DB): Promise<void> {
  await db.changeEmail.request(await db.findUserBy({ email: "person1@example.com" }), "moved@example.com", "en");
  const [mail] = await db.outbox.list(1);
  const verification = await db.verifyEmail.storeToken(mail?.verificationId ?? 0, "move");
  const confirmation = { token: "move", verifiedHash: "hash", deviceKind: null, redeemer: {}, language: "en" };
  assert.ok(await db.changeEmail.confirm(verification ?? assert.fail(), confirmation));
}

/** Adds users. One of them has a session and a reset token. */
async function populate(url: string, userCount = 1): Promise<{ sessionId: string; resetToken: string }> {
  await using db = await openDB(url);
  const auth = new Auth(db, { settings });
  await auth.registerUser(email, "b4l0u");
  const account = { hashedPassword: "hash", emailVerifiedAt: null, disabledAt: null, createdAt: Date.now() };
  const emails = Array.from({ length: userCount - 1 }, (_, i) => `person${i + 1}@example.com`);
  await db.import.add(emails.map((email) => ({ ...account, email })));
  if (userCount > 1) await changeEmail(db);
  const sessionId = (await auth.createSession(email, { ip: "::1", userAgent: "curl \"8\" 'x' \\ {}" })) as string;
  const resetToken = await auth.getResetPasswordToken(email);
  await db.registrations.add("eve@example.com", "hash", { kind: "registration", language: "fr" });
  const notice = { kind: "new_device", language: "en" } as const;
  await db.sessions.open({ userId: 1, sessionId: "of a device", device: "device", notice });
  await db.verifyEmail.storeToken((await db.registrations.findNewest("eve@example.com"))?.id ?? 0, "on its way");
  await db.limits.reserve([{ key: "limit", maxAttempts: 1, window: 60_000 }]);
  await auth.close();
  return { sessionId, resetToken };
}

/** The number of rows per table after `populate(url, 2500)`. */
const rows = {
  users: 2500,
  sessions: 2,
  devices: 1,
  verifications: 1,
  former_emails: 1,
  mailed_tokens: 1,
  outbox: 3,
  failed_mails: 0,
  attempts: 2,
  events: 2,
};

async function countAccounts(database: TestDatabase): Promise<number> {
  return (await database.run("select id from users")).length;
}

const directions = [
  ["sqlite", "postgres"],
  ["postgres", "sqlite"],
  ["sqlite", "sqlite"],
] as const;

for (const [from, to] of directions) {
  test(`a copy from ${from} to ${to} is complete, and sessions and reset tokens stay valid`, async () => {
    await using here = await createMigratedDatabase(from);
    await using there = await createMigratedDatabase(to);
    const { sessionId, resetToken } = await populate(here.url, 2500);
    await using source = await openDB(here.url);
    await using target = await openDB(there.url);
    const progress: number[] = [];
    const copied = await source.copyTo(target, ({ done, total }) => {
      assert.equal(total, 2513);
      progress.push(done);
    });
    assert.deepEqual(copied, rows);
    assert.deepEqual(progress, [2000, 2500, 2502, 2503, 2504, 2505, 2506, 2509, 2511, 2513]);

    const auth = new Auth(target, { settings });
    const user = { ...(await auth.getUserFromSessionId(sessionId)) };
    assert.deepEqual(user, (await source.sessions.find(sessionId))?.user);
    assert.equal(await target.devices.isKnown("device", 1), true);
    assert.equal((await target.verifyEmail.findVerification("on its way"))?.email, "eve@example.com");
    await auth.updatePassword(resetToken, "t4rt1fl3tt3");
    assert.equal(await auth.validLogin(email, "t4rt1fl3tt3"), true);
    assert.equal((await target.addUser("next@example.com", "hash")).id, 2501);
    await target.registrations.add("next@example.com", "hash", { kind: "registration", language: "fr" });
    assert.equal((await target.registrations.findNewest("next@example.com"))?.id, 3);
    await auth.close();
  });
}

test("a target that is not empty is rejected and stays unchanged", async () => {
  await using here = await createMigratedDatabase("sqlite");
  await using there = await createMigratedDatabase("postgres");
  await populate(here.url, 3);
  await populate(there.url);
  await using source = await openDB(here.url);
  await using target = await openDB(there.url);
  await assert.rejects(source.copyTo(target), (error) => {
    return error instanceof InvalidRequestError && /target is not empty/.test(error.message);
  });
  assert.equal(await countAccounts(there), 1);
});

test("an interrupted copy leaves the target empty, and can be repeated", async () => {
  await using here = await createMigratedDatabase("sqlite");
  await using there = await createMigratedDatabase("postgres");
  await populate(here.url, 2500);
  await using source = await openDB(here.url);
  await using target = await openDB(there.url);
  const interrupted = source.copyTo(target, ({ done }) => {
    if (done > 2000) throw new Error("interrupted");
  });
  await assert.rejects(interrupted, /interrupted/);
  assert.equal(await countAccounts(there), 0);
  assert.deepEqual(await source.copyTo(target), rows);
});

test("a copy is a snapshot of the source and contains no later writes", async () => {
  for (const engine of ["sqlite", "postgres"] as const) {
    await using here = await createMigratedDatabase(engine);
    await using there = await createMigratedDatabase("sqlite");
    await populate(here.url, 2500);
    await using source = await openDB(here.url);
    await using busy = await openDB(here.url);
    await using target = await openDB(there.url);
    assert.equal(await countAccounts(here), 2500);
    const late: Promise<unknown>[] = [];
    // The event is stored before its table, which is the last one, is copied.
    const write = async (email: string) => {
      await busy.addUser(email, "hash");
      await here.run("insert into events (at, event) values (1, 'logged_in')");
    };
    const copied = await source.copyTo(target, ({ table }) => {
      if (table === "users") late.push(write(`late${late.length}@example.com`));
    });
    await Promise.all(late);
    assert.equal(late.length, 2);
    assert.deepEqual(copied, rows);
    assert.equal(await countAccounts(there), 2500);
    assert.equal(await countAccounts(here), 2502);
  }
});

test("every table is copied, and an unknown table is rejected", async () => {
  const listing = {
    sqlite: "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'",
    postgres: "select tablename as name from pg_tables where schemaname = current_schema()",
  };
  for (const engine of ["sqlite", "postgres"] as const) {
    await using here = await createMigratedDatabase(engine);
    await using there = await createMigratedDatabase("sqlite");
    await populate(here.url);
    const found = (await here.run(listing[engine])).map((row) => String(row.name));
    assert.deepEqual(found.filter((name) => !name.startsWith("kysely_")).sort(), Object.keys(tables).sort());
    await here.run("create table surprise (id integer primary key)");
    await using source = await openDB(here.url);
    await using target = await openDB(there.url);
    await assert.rejects(source.copyTo(target), /tables that this version does not know: surprise$/);
  }
});
