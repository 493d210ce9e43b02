import assert from "node:assert/strict";
import { test as testOnce } from "node:test";
import { Kysely, sql } from "kysely";
import { DB } from "../../src/db/db.ts";
import { migrate } from "../../src/db/migrations.ts";
import { createPostgresEngine } from "../../src/db/postgres/postgres.ts";
import type { Schema } from "../../src/db/schema.ts";
import { createSqliteEngine } from "../../src/db/sqlite/sqlite.ts";
import { silent } from "../../src/observe/log.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { createEmptyDatabase } from "../support/databases.ts";
import { createStore, type Store } from "../support/engine-store.ts";
import { getCurrentEngine, test } from "../support/engines.ts";
import { day, hour } from "../support/world.ts";

/** Opens another connection that records the text of its statements. */
async function openRecorded(store: Store) {
  const engine =
    getCurrentEngine() === "sqlite"
      ? createSqliteEngine(store.url.slice("sqlite:".length))
      : createPostgresEngine(store.url, 1);
  const texts = new Set<string>();
  const kysely = new Kysely<Schema>({ dialect: engine.dialect, log: ({ query }) => void texts.add(query.sql) });
  await engine.initialize(kysely);
  texts.clear();
  const db = new DB({ db: kysely, engine, lifetimes: readSettings(), clock: store.clock.now });
  return { db, texts, [Symbol.asyncDispose]: () => db.close() };
}

test("a batch has the same statements for any number of rows", async () => {
  await using store = await createStore();
  const { db: other, clock } = store;
  const { id: userId, email } = await other.addUser("bob@example.com", "hash");
  await using watch = await openRecorded(store);
  const { db, texts } = watch;

  /** Runs every operation that works in batches, with `length` rows. */
  const work = async (length: number) => {
    const names = Array.from({ length }, (_, i) => `session ${length} ${i}`);
    // The rows are inserted over another connection, whose statements are not recorded.
    for (const sessionId of names) await other.sessions.open({ userId, sessionId });
    clock.advance(1);
    await db.sessions.recordUse(names);
    await other.sessions.renew(names[0] ?? "", { newSessionId: `renewed ${length}`, nonce: "nonce" });
    clock.advance(hour);
    await db.sessions.sweep("", 1000);
    clock.advance(31 * day);
    await db.sessions.sweep("", 1000);
    const base = { at: clock.now(), event: "login_refused", ip: "192.0.2.1", userAgent: null, detail: null };
    const subjects = [{ userId }, { userId: null }, { userId: null, email }, { userId: userId + 1 }];
    await db.audit.add(names.map((_, i) => ({ ...base, ...(subjects[(i + length) % subjects.length] ?? { userId }) })));
    const accounts = names.map((name) => ({ email: `${name}@example.com`, hashedPassword: "hash", createdAt: 1 }));
    const unconfirmed = { emailVerifiedAt: null, disabledAt: null };
    await db.import.add(accounts.map((account) => ({ ...account, ...unconfirmed })));
    for (let i = 0; i < length; i++) await other.outbox.add({ kind: "reset", language: "en", email });
    assert.equal((await db.outbox.claim(1, () => hour)).length, 1);
    for (const mail of await other.outbox.list(1000)) await other.outbox.remove(mail.id);
  };

  for (let length = 1; length <= 4; length++) await work(length);
  const before = [...texts].toSorted();
  assert.ok(before.length >= 8);
  for (let length = 5; length <= 25; length++) await work(length);
  assert.deepEqual([...texts].toSorted(), before);
});

test("accounts are imported with all attributes, in the given order", async () => {
  await using store = await createStore();
  const own = { emailVerifiedAt: 1_800_000_000_000, disabledAt: null, createdAt: 1 };
  const accounts = [
    { ...own, email: "B\"o\\b'@Example.com", hashedPassword: "$2b$12$hash" },
    { ...own, email: "ann@example.com", hashedPassword: "hash", emailVerifiedAt: null, disabledAt: 2 },
  ];
  assert.deepEqual(await store.db.import.add(accounts), new Set());
  const users = await store.db.users.list({ limit: 10 });
  const stored = users.map(({ email, hashedPassword, emailVerifiedAt, disabledAt, createdAt }) => ({
    email,
    hashedPassword,
    emailVerifiedAt,
    disabledAt,
    createdAt,
  }));
  assert.deepEqual(
    stored.map((each) => ({ ...each })),
    accounts.map(({ email, hashedPassword, emailVerifiedAt, disabledAt, createdAt }) => ({
      email,
      hashedPassword,
      emailVerifiedAt,
      disabledAt,
      createdAt,
    })),
  );
  assert.deepEqual(
    await store.db.import.findTakenEmails(["ANN@example.com", "eve@example.com"]),
    new Set(["ANN@example.com"]),
  );
});

testOnce(
  "hundreds of statements are prepared, but not those of the migrations at the first startup (postgres)",
  async () => {
    await using database = await createEmptyDatabase("postgres");
    const engine = createPostgresEngine(database.url, 1);
    const kysely = new Kysely<Schema>({ dialect: engine.dialect });
    try {
      assert.ok(await migrate(kysely, engine, { log: silent }));
      const statements = Array.from({ length: 390 }, (_, i) => `select ${i} as number`);
      for (const text of statements) await sql.raw(text).execute(kysely);
      const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(kysely);
      const prepared = new Set(rows.map(({ statement }) => statement));
      assert.deepEqual(
        statements.filter((text) => !prepared.has(text)),
        [],
      );
    } finally {
      await engine.close();
    }
  },
);
