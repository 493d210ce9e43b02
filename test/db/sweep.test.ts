import assert from "node:assert/strict";
import { createStore } from "../support/engine-store.ts";
import { test } from "../support/engines.ts";
import { hour, minute } from "../support/world.ts";

const settings = { SESSION_LIFETIME: "2h", SESSION_IDLE: "1h", RESET_TOKEN_LIFETIME: "1h" };

test("expired sessions are swept in batches, each starting at the end of the previous batch", async () => {
  await using store = await createStore(settings);
  const { db, clock } = store;
  const { id: userId } = await db.addUser("bob@example.com", "hash");
  const open = async (name: string, count: number) => {
    const sessionIds = Array.from({ length: count }, (_, i) => `${name} ${i}`);
    for (const sessionId of sessionIds) await db.sessions.open({ userId, sessionId });
    return sessionIds;
  };
  const pastAbsolute = await open("past its absolute expiry", 7);
  clock.advance(hour - 1);
  await db.sessions.recordUse(pastAbsolute);
  await open("past its idle timeout", 6);
  const seen = await open("seen", 5);
  clock.advance(hour - 1);
  await db.sessions.recordUse([...pastAbsolute, ...seen]);
  clock.advance(2);
  const live = [...seen, ...(await open("new", 4))];

  const before = (await store.readRows("sessions")).length;
  assert.equal(before, 22);
  let swept = 0;
  let batches = 0;
  for (let from: string | null = ""; from !== null; batches++) {
    const keys = (await store.readRows("sessions")).map((row) => String(row.session_id));
    const { ended, next }: { ended: number; next: string | null } = await db.sessions.sweep(from, 5);
    const left = new Set((await store.readRows("sessions")).map((row) => String(row.session_id)));
    const gone = keys.filter((key) => !left.has(key));
    assert.equal(gone.length, ended);
    for (const key of gone) assert.ok(key > from && key <= (next ?? key), "each batch contains only keys of its range");
    swept += ended;
    from = next;
  }
  assert.deepEqual({ swept, batches }, { swept: 13, batches: 5 });
  assert.equal((await store.readRows("sessions")).length, live.length);
  for (const sessionId of live) assert.ok(await db.sessions.findUser(sessionId), sessionId);
});

test("a sweep ends if the table is empty, and if its last batch is full", async () => {
  await using store = await createStore(settings);
  const { db, clock } = store;
  assert.deepEqual(await db.sessions.sweep("", 5), { ended: 0, next: null });
  const { id: userId } = await db.addUser("bob@example.com", "hash");
  for (let i = 0; i < 5; i++) await db.sessions.open({ userId, sessionId: `session ${i}` });
  clock.advance(hour);
  const { ended, next } = await db.sessions.sweep("", 5);
  assert.equal(ended, 5);
  assert.deepEqual(await db.sessions.sweep(next ?? "", 5), { ended: 0, next: null });
});

test("expired reset tokens, and no others, are swept in batches", async () => {
  await using store = await createStore(settings);
  const { db, clock } = store;
  for (let i = 0; i < 9; i++) {
    const { id } = await db.addUser(`${i}@example.com`, "hash");
    if (i === 5) clock.advance(minute);
    if (i < 8) await db.updateUser(id, { resetToken: `token ${i}` });
  }
  clock.advance(hour - minute - 1);
  assert.equal(await db.resetPassword.sweepTokens(2), 0);
  clock.advance(1);
  const withToken = async () => (await store.readRows("users")).filter((row) => row.reset_token !== null).length;
  const swept = [];
  for (const left of [6, 4, 3, 3]) {
    swept.push(await db.resetPassword.sweepTokens(2));
    assert.equal(await withToken(), left);
  }
  assert.deepEqual(swept, [2, 2, 1, 0]);
  assert.equal((await store.readRows("users")).filter((row) => row.reset_token_expires_at !== null).length, 3);
  assert.equal((await db.findUserBy({ resetToken: "token 5" })).email, "5@example.com");
});
