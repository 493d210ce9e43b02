import assert from "node:assert/strict";
import { openDB } from "../../src/db/db.ts";
import { OpenError } from "../../src/errors.ts";
import { createStore } from "../support/engine-store.ts";
import { test } from "../support/engines.ts";

/** Changes the schema like the next minor version, which only adds to it. */
async function upgrade(run: (sql: string) => Promise<unknown>, minor: number): Promise<void> {
  await run(`insert into kysely_migration values ('000${minor}_v0.${minor}_nicknames', '2040-01-01')`);
  await run(`alter table users add column nickname_${minor} varchar(250)`);
}

test("this version works next to the next minor version, and after a downgrade from it", async () => {
  await using store = await createStore();
  const bob = await store.db.addUser("bob@example.com", "hash");
  await upgrade(store.run, 2);
  assert.equal((await store.db.addUser("alice@example.com", "hash")).email, "alice@example.com");
  const again = await store.open();
  assert.equal((await again.findUserBy({ id: bob.id })).email, "bob@example.com");
  await again.updateUser(bob.id, { sessionId: "s" });
  assert.equal((await store.db.sessions.findUser("s"))?.id, bob.id);
});

test("a database that is two minor versions newer is rejected, and the error names the remedy", async () => {
  await using store = await createStore();
  await upgrade(store.run, 2);
  await upgrade(store.run, 3);
  await assert.rejects(openDB(store.url), (error: Error) => {
    return (
      error instanceof OpenError &&
      /a newer version of Bienvenue has migrated it .*run that version or a later one$/.test(error.message)
    );
  });
});
