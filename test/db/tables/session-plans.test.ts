import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { type CompiledQuery, Kysely } from "kysely";
import pg from "pg";
import { DB } from "../../../src/db/db.ts";
import { createPostgresEngine } from "../../../src/db/postgres/postgres.ts";
import type { Schema } from "../../../src/db/schema.ts";
import { createSqliteEngine } from "../../../src/db/sqlite/sqlite.ts";
import { readSettings } from "../../../src/settings/settings.ts";
import { createStore, type Store } from "../../support/engine-store.ts";
import { getCurrentEngine, test } from "../../support/engines.ts";
import { insertManySessions } from "../../support/many-sessions.ts";

/** Opens another connection that records its statements. */
async function openRecorded(store: Store) {
  const engine =
    getCurrentEngine() === "sqlite"
      ? createSqliteEngine(store.url.slice("sqlite:".length))
      : createPostgresEngine(store.url, 2);
  const statements: Pick<CompiledQuery, "sql" | "parameters">[] = [];
  const kysely = new Kysely<Schema>({
    dialect: engine.dialect,
    log: ({ query }) => void statements.push({ sql: query.sql, parameters: query.parameters }),
  });
  await engine.initialize(kysely);
  statements.length = 0;
  const db = new DB({ db: kysely, engine, lifetimes: readSettings(), clock: store.clock.now });
  return { db, statements, [Symbol.asyncDispose]: () => db.close() };
}

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Plan[];
}

/** Counts the table rows that a plan reads. */
function countRows(plan: Plan): number {
  const own = plan["Relation Name"] === undefined || plan["Node Type"] === "ModifyTable" ? 0 : plan["Actual Rows"];
  const removed = plan["Rows Removed by Filter"] ?? 0;
  const below = (plan.Plans ?? []).reduce((sum, each) => sum + countRows(each), 0);
  return (own + removed) * plan["Actual Loops"] + below;
}

/** Explains each statement on sessions. On PostgreSQL, also counts the table rows that it reads. */
async function explain(store: Store, statements: readonly Pick<CompiledQuery, "sql" | "parameters">[]) {
  const relevant = statements.filter(({ sql }) => /^(select|update|delete)\b.*sessions/s.test(sql));
  if (getCurrentEngine() === "sqlite") {
    using file = new DatabaseSync(store.url.slice("sqlite:".length));
    return relevant.map(({ sql, parameters }) => {
      const rows = file.prepare(`explain query plan ${sql}`).all(...(parameters as string[]));
      return { sql, rows: 0, plan: rows.map(({ detail }) => String(detail)).join("\n") };
    });
  }
  const client = new pg.Client(store.url);
  await client.connect();
  const plans = [];
  for (const { sql, parameters } of relevant) {
    await client.query("begin");
    const { rows } = await client.query(`explain (analyze, format json) ${sql}`, parameters as unknown[]);
    await client.query("rollback");
    const plan = rows[0]["QUERY PLAN"][0].Plan as Plan;
    plans.push({ sql, rows: countRows(plan), plan: JSON.stringify(plan, null, 1) });
  }
  await client.end();
  return plans;
}

const requests: Record<string, (db: DB, userId: number, handle: string, next: string) => Promise<unknown>> = {
  "opening a session": (db, userId) => db.sessions.open({ userId, sessionId: "new" }),
  "opening a session with a limit of three": (db, userId) => db.sessions.open({ userId, sessionId: "other", limit: 3 }),
  "the first page": (db, userId) => db.sessions.list(userId, { current: "own", limit: 100 }),
  "a later page": (db, userId, _, after) => db.sessions.list(userId, { current: "own", limit: 100, after }),
  "ending a session": (db, userId, handle) => db.sessions.endByHandle(userId, handle),
  "ending a session of another user": (db, userId, handle) => db.sessions.endByHandle(userId + 1, handle),
  "renewing a session": (db) => db.sessions.renew("own", { newSessionId: "renewed", nonce: "n" }),
  "recording a use": (db) => db.sessions.recordUse(["own"]),
  "finding a session": (db) => db.sessions.findUser("own"),
  "ending the current session": (db) => db.sessions.end("own"),
};

for (const interval of [0, 1]) {
  // id: bounded-reads
  test(`no request reads more than a few thousand of 200,000 sessions of a user (${interval} ms apart)`, async () => {
    await using store = await createStore();
    const { id } = await store.db.addUser("bob@example.com", "hash");
    for (let i = 0; i < 20; i++) await store.db.addUser(`${i}@example.com`, "hash");
    await insertManySessions(store, { userId: id, count: 200_000, interval });
    // Autovacuum would do this eventually. Without statistics, the first statement could time out.
    await store.run("analyze");
    await store.db.sessions.open({ userId: id, sessionId: "own" });
    const list = await store.db.sessions.list(id, { limit: 50 });
    await store.run("analyze");
    for (const [name, run] of Object.entries(requests)) {
      await using watch = await openRecorded(store);
      await run(watch.db, id, list?.sessions[7]?.handle ?? "", list?.next ?? "");
      const plans = await explain(store, watch.statements);
      assert.ok(plans.length > 0, name);
      assert.ok(watch.statements.length < 20, name);
      for (const { sql, rows, plan } of plans) {
        assert.ok(rows <= 5000, `${name}: ${rows} rows by ${sql}\n${plan}`);
        // Every table is accessed by an index. Results of subqueries are small.
        assert.doesNotMatch(plan, /SCAN (sessions|users)\b/, `${name}: ${sql}\n${plan}`);
        if (/order by "created_at" desc/.test(sql))
          assert.match(plan, /sessions_user_id_created_at/, `${name}\n${plan}`);
        if (/where "handle" = /.test(sql)) assert.match(plan, /sessions_handle/, `${name}\n${plan}`);
      }
    }
  });
}
