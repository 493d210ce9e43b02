import assert from "node:assert/strict";
import { createStore } from "../support/engine-store.ts";
import { test } from "../support/engines.ts";

test("a closed database rejects every call, and can be closed again", async () => {
  await using store = await createStore();
  const { db } = store;
  await db.addUser("bob@example.com", "hash");
  await db.close();
  const closed = { name: "DatabaseUnavailable", fault: "closed" };
  await assert.rejects(async () => db.sessions.findUser("session"), closed);
  await assert.rejects(db.findUserBy({ id: 1 }), closed);
  await assert.rejects(db.addUser("eve@example.com", "hash"), closed);
  await assert.rejects(db.sessions.open({ userId: 1, sessionId: "session" }), closed);
  await assert.rejects(db.ping(), closed);
  await db.close();
});
