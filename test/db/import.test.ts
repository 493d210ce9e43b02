import assert from "node:assert/strict";
import { openDB } from "../../src/db/db.ts";
import { createMigratedDatabase } from "../support/databases.ts";
import { getCurrentEngine, test } from "../support/engines.ts";

const account = (i: number, hashedPassword = "hash") => ({
  email: `p${i}@example.com`,
  hashedPassword,
  emailVerifiedAt: null,
  disabledAt: null,
  createdAt: 1,
});

test("simultaneous imports add each address once, and all others report it as taken", async () => {
  await using database = await createMigratedDatabase(getCurrentEngine());
  await using one = await openDB(database.url);
  await using other = await openDB(database.url);
  const accounts = Array.from({ length: 300 }, (_, i) => account(i));
  const batches = [one, other, one, other].map((db) => db.import.add(accounts));
  const taken = await Promise.all(batches);
  assert.equal((await database.run("select id from users")).length, 300);
  assert.equal(
    taken.map((some) => some.size).reduce((sum, size) => sum + size),
    900,
  );
});

test("an import adds only new addresses, and pages of users contain each user once", async () => {
  await using database = await createMigratedDatabase(getCurrentEngine());
  await using db = await openDB(database.url);
  assert.deepEqual(await db.import.add([]), new Set());
  await db.import.add(Array.from({ length: 5 }, (_, i) => account(i)));
  assert.deepEqual(await db.import.add([account(4, "other"), account(5)]), new Set(["p4@example.com"]));
  const ids = (await db.users.list({ limit: 10 })).map(({ id }) => id);
  assert.deepEqual(ids, [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(
    (await db.users.list({ after: 2, limit: 2 })).map(({ id }) => id),
    [3, 4],
  );
  assert.equal((await db.findUserBy({ email: "p4@example.com" })).hashedPassword, "hash");
});
