import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { NoResultFound } from "../../../src/errors.ts";
import { createStore, type Store } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { hour, minute } from "../../support/world.ts";

const email = "bob@example.com";

/** Returns true if the session is live. Asserts that all lookups agree. */
async function isLive({ db }: Store, sessionId: string): Promise<boolean> {
  const byLookup = (await db.sessions.findUser(sessionId)) !== null;
  for (const attributes of [{ sessionId }, { sessionId, email }]) {
    const found = db.findUserBy(attributes);
    if (byLookup) assert.equal((await found).sessionId, sessionId);
    else await assert.rejects(found, NoResultFound);
  }
  return byLookup;
}

test("opening a session returns all of its attributes, and its id finds the user", async () => {
  await using store = await createStore({ SESSION_LIFETIME: "2h", SESSION_IDLE: "1h" });
  const { db, clock } = store;
  const bob = await db.addUser(email, "hash");
  const now = clock.now();
  const caller = { ip: "192.0.2.1", userAgent: "curl/8" };
  const times = { createdAt: now, lastSeenAt: now, expiresAt: now + 2 * hour };
  const session = await db.sessions.open({ userId: bob.id, sessionId: "one", ...caller });
  assert.deepEqual(session, { sessionId: "one", userId: bob.id, ...times, ...caller });
  assert.deepEqual({ ...(await db.sessions.findUser("one")) }, { ...bob, sessionId: "one", lastSeenAt: now });
  const unknown = await db.sessions.open({ userId: bob.id, sessionId: "two" });
  assert.deepEqual(unknown, { sessionId: "two", userId: bob.id, ...times, ip: null, userAgent: null });
  for (const sessionId of ["", "One", "three"]) assert.equal(await isLive(store, sessionId), false);
});

test("an unused session expires at its idle timeout, to the millisecond", async () => {
  await using store = await createStore({ SESSION_LIFETIME: "2h", SESSION_IDLE: "1h" });
  const { db, clock } = store;
  const { id: userId } = await db.addUser(email, "hash");
  await db.sessions.open({ userId, sessionId: "one" });
  clock.advance(hour - 1);
  assert.equal(await isLive(store, "one"), true);
  clock.advance(1);
  assert.equal(await isLive(store, "one"), false);
  await db.sessions.recordUse(["one"]);
  assert.equal(await isLive(store, "one"), false, "an expired session does not become live again");
});

test("using a session extends its idle timeout, but not its absolute expiry or other sessions", async () => {
  await using store = await createStore({ SESSION_LIFETIME: "2h", SESSION_IDLE: "1h" });
  const { db, clock } = store;
  const { id: userId } = await db.addUser(email, "hash");
  for (const sessionId of ["one", "two", "unused"]) await db.sessions.open({ userId, sessionId });
  clock.advance(59 * minute);
  await db.sessions.recordUse(["one", "two", "unknown"]);
  assert.equal((await db.sessions.findUser("one"))?.lastSeenAt, clock.now());
  clock.advance(minute);
  assert.deepEqual(await Promise.all(["one", "two", "unused"].map((s) => isLive(store, s))), [true, true, false]);
  clock.advance(58 * minute);
  await db.sessions.recordUse(["one"]);
  clock.advance(minute);
  assert.equal(await isLive(store, "two"), false);
  clock.advance(minute - 1);
  assert.equal(await isLive(store, "one"), true);
  clock.advance(1);
  assert.equal(await isLive(store, "one"), false);
});

test("a recorded time of use is at most now, and is recorded only if the session was live at that time", async () => {
  await using store = await createStore({ SESSION_LIFETIME: "2h", SESSION_IDLE: "1h" });
  const { db, clock } = store;
  const { id: userId } = await db.addUser(email, "hash");
  const start = clock.now();
  const names = ["early", "late", "too late", "backwards", "in the future", "twice", "unused"] as const;
  for (const sessionId of names) await db.sessions.open({ userId, sessionId });
  clock.advance(90 * minute);
  await db.sessions.recordUse([
    ["early", start + 1],
    ["late", start + hour - 1],
    ["too late", start + hour],
    ["backwards", start - 1],
    ["in the future", start + 10 * hour],
    ["twice", start + 40 * minute],
    ["twice", start + 50 * minute],
    ["twice", start + 45 * minute],
    ["unknown", start + minute],
  ]);
  const seen = Object.fromEntries(
    (await store.run("select session_id, last_seen_at from sessions")).map((row) => [row.session_id, row.last_seen_at]),
  );
  const at = Object.fromEntries(
    names.map((name) => [name, Number(seen[createHash("sha256").update(name).digest("base64url")]) - start]),
  );
  assert.deepEqual(at, {
    early: 1,
    late: hour - 1,
    "too late": 0,
    backwards: 0,
    "in the future": 0,
    twice: 50 * minute,
    unused: 0,
  });
  assert.equal(await isLive(store, "late"), true);
  clock.advance(29 * minute);
  await db.sessions.recordUse(new Map([["late", start + 118 * minute]]));
  clock.advance(minute);
  await db.sessions.recordUse([["late", clock.now()], "twice"]);
  assert.equal(await isLive(store, "late"), false, "the absolute expiry stays");
  await db.sessions.recordUse([]);
});

test("no session is opened for a user who was deleted or disabled, or whose password has changed", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id: userId } = await db.addUser(email, "verified");
  assert.ok(await db.sessions.open({ userId, sessionId: "kept", verifiedHash: "verified" }));
  const assertRejected = async (reason: string) => {
    const before = [await store.readRows("users"), await store.readRows("sessions")];
    const opening = {
      userId,
      sessionId: "new",
      verifiedHash: "verified",
      strongerHash: "better",
      replaces: "kept",
      limit: 1,
    };
    assert.equal(await db.sessions.open(opening), null, reason);
    assert.deepEqual([await store.readRows("users"), await store.readRows("sessions")], before, reason);
  };
  await db.updateUser(userId, { hashedPassword: "changed" });
  await assertRejected("another password");
  await db.updateUser(userId, { hashedPassword: "verified", disabledAt: 1 });
  assert.equal(await db.sessions.findUser("kept"), null, "a disabled user is not found by a session");
  await assertRejected("disabled");
  assert.equal(await db.sessions.open({ userId, sessionId: "new" }), null);
  await db.updateUser(userId, { disabledAt: null });
  assert.equal((await db.sessions.findUser("kept"))?.id, userId);
  await store.run("delete from users");
  await assertRejected("deleted");
});

test("a stronger hash is stored together with the session", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const { id: userId } = await db.addUser(email, "old");
  clock.advance(1);
  await db.sessions.open({ userId, sessionId: "one", verifiedHash: "old" });
  assert.equal((await db.findUserBy({ email })).updatedAt, clock.now() - 1);
  await db.sessions.open({ userId, sessionId: "two", verifiedHash: "old", strongerHash: "better" });
  const { hashedPassword, updatedAt } = await db.findUserBy({ email });
  assert.deepEqual({ hashedPassword, updatedAt }, { hashedPassword: "better", updatedAt: clock.now() });
});

test("a session ends the one that it replaces", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id: userId } = await db.addUser(email, "hash");
  for (const sessionId of ["old", "other"]) await db.sessions.open({ userId, sessionId });
  await db.sessions.open({ userId, sessionId: "new", replaces: "old" });
  assert.deepEqual(await Promise.all(["old", "other", "new"].map((s) => isLive(store, s))), [false, true, true]);
});

test("if a user exceeds the limit, the oldest sessions end", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const { id: userId } = await db.addUser(email, "hash");
  const alice = await db.addUser("alice@example.com", "hash");
  await db.sessions.open({ userId: alice.id, sessionId: "alice's" });
  const open = async (sessionId: string, limit: number) => {
    clock.advance(1);
    await db.sessions.open({ userId, sessionId, limit });
  };
  const all = "abcdefgh";
  const listLive = async () => {
    const areLive = await Promise.all([...all].map((sessionId) => isLive(store, sessionId)));
    return [...all].filter((_, i) => areLive[i]).join("");
  };
  for (const [i, sessionId] of [...all].entries()) {
    await open(sessionId, 3);
    assert.equal(await listLive(), all.slice(Math.max(0, i - 2), i + 1));
  }
  await open("a", 1);
  assert.equal(await listLive(), "a");
  assert.equal((await db.sessions.findUser("alice's"))?.id, alice.id);
});

test("the limit keeps the last of several sessions opened in the same millisecond", async () => {
  await using store = await createStore();
  const { id: userId } = await store.db.addUser(email, "hash");
  for (let i = 1; i <= 9; i++) {
    await store.db.sessions.open({ userId, sessionId: `session ${i}`, limit: 3 });
    assert.equal(await isLive(store, `session ${i}`), true);
    assert.equal((await store.readRows("sessions")).length, Math.min(i, 3));
  }
});

test("an expired session does not count toward the limit", async () => {
  await using store = await createStore({ SESSION_LIFETIME: "4h", SESSION_IDLE: "1h" });
  const { db, clock } = store;
  const { id: userId } = await db.addUser(email, "hash");
  await db.sessions.open({ userId, sessionId: "in use" });
  clock.advance(1);
  await db.sessions.open({ userId, sessionId: "unused" });
  clock.advance(hour - 2);
  await db.sessions.recordUse(["in use"]);
  clock.advance(2);
  await db.sessions.open({ userId, sessionId: "new", limit: 2 });
  assert.deepEqual(await Promise.all(["in use", "unused", "new"].map((s) => isLive(store, s))), [true, false, true]);
});

test("ending one session, or all sessions of a user, keeps all others", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id: userId } = await db.addUser(email, "hash");
  const alice = await db.addUser("alice@example.com", "hash");
  await db.sessions.open({ userId: alice.id, sessionId: "alice's" });
  for (const sessionId of ["one", "two", "three"]) await db.sessions.open({ userId, sessionId });
  assert.equal(await db.sessions.end("one"), true);
  assert.equal(await db.sessions.end("one"), false);
  assert.deepEqual(await Promise.all(["one", "two"].map((s) => isLive(store, s))), [false, true]);
  assert.equal(await db.sessions.endAll(userId), 2);
  assert.equal(await db.sessions.endAll(userId), 0);
  assert.equal(await db.sessions.endAll(99), 0);
  assert.equal(await isLive(store, "two"), false);
  assert.equal((await db.sessions.findUser("alice's"))?.id, alice.id);
});

test("a device becomes known only by a login that opens a session", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id: userId } = await db.addUser(email, "new");
  const notice = { kind: "new_device", language: "en" } as const;
  const opening = { userId, sessionId: "session", device: "device", notice };
  assert.equal(await db.sessions.open({ ...opening, verifiedHash: "old" }), null);
  assert.equal(await db.devices.isKnown("device", userId), false);
  assert.ok(await db.sessions.open({ ...opening, verifiedHash: "new" }));
  assert.equal(await db.devices.isKnown("device", userId), true);
  assert.deepEqual(await store.readRows("outbox"), [], "the first login sends no email");
  for (const secret of ["device", "second"]) {
    await db.sessions.open({ ...opening, sessionId: secret, device: secret });
  }
  assert.deepEqual(
    (await store.readRows("outbox")).map(({ kind, user_id }) => [kind, user_id]),
    [["new_device", userId]],
  );
});
