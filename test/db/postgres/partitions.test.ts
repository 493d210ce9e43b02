import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import pg from "pg";
import { openDB } from "../../../src/db/db.ts";
import { createEmptyDatabase } from "../../support/databases.ts";

test("the partitions of docs/scaling.md work like a single table", async () => {
  const docs = await readFile(new URL("../../../docs/scaling.md", import.meta.url), "utf8");
  const [, block = ""] = /```sql\n(.*?)```/s.exec(docs) ?? [];
  await using database = await createEmptyDatabase("postgres");
  await (await openDB(database.url)).close();
  const client = new pg.Client(database.url);
  await client.connect();
  // Like psql: \gexec executes the results of the query before it.
  for (const statement of block.split(/;|(?=\\gexec)/).map((text) => text.replace("\\gexec", "").trim())) {
    if (statement === "") continue;
    const { rows, fields } = await client.query(statement);
    for (const row of rows) await client.query(row[fields[0]?.name ?? ""]);
  }
  const { rows: partitions } = await client.query(
    "select count(*)::int as count from pg_inherits where inhparent = 'sessions'::regclass",
  );
  assert.equal(partitions[0].count, 16);
  await client.end();

  await using db = await openDB(database.url);
  const { id } = await db.addUser("bob@example.com", "hash");
  for (let i = 0; i < 40; i++) assert.ok(await db.sessions.open({ userId: id, sessionId: `s${i}` }));
  for (let i = 0; i < 40; i++) assert.equal((await db.sessions.findUser(`s${i}`))?.id, id);
  assert.equal(await db.sessions.end("s0"), true);
  assert.equal(await db.sessions.endAll(id), 39);
  assert.equal(await db.sessions.findUser("s1"), null);
  assert.deepEqual(await db.sessions.sweep("", 10), { ended: 0, next: null });
});
