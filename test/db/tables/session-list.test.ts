import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { SessionPage } from "../../../src/db/db.ts";
import { createStore, type Store } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { insertManySessions } from "../../support/many-sessions.ts";
import { hour } from "../../support/world.ts";

const email = "bob@example.com";
const digest = (text: string) => createHash("sha256").update(text).digest("base64url");

async function readPage({ db }: Store, userId: number, query = {}): Promise<SessionPage> {
  return (await db.sessions.list(userId, { limit: 10, ...query })) ?? assert.fail("no such page");
}

async function findOnlyHandle(store: Store, userId: number): Promise<string> {
  const { sessions } = await readPage(store, userId);
  assert.equal(sessions.length, 1);
  return sessions[0]?.handle as string;
}

/** Reads all pages. `between` runs before each page except the first. */
async function readAllPages(
  store: Store,
  userId: number,
  limit: number,
  current?: string,
  between: (last: SessionPage["sessions"]) => Promise<void> = async () => {},
) {
  const pages: SessionPage["sessions"][] = [];
  for (let after: string | undefined; ; ) {
    const { sessions, next } = await readPage(store, userId, { limit, after, current });
    pages.push(sessions);
    if (next === null) return pages;
    after = next;
    await between(sessions);
  }
}

test("a handle is random, and stays the same when the session's id changes, even by an older version", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id } = await db.addUser(email, "hash");
  await db.sessions.open({ userId: id, sessionId: "one" });
  const handle = await findOnlyHandle(store, id);
  for (const derived of [digest("one"), digest(digest("one"))]) assert.notEqual(handle, derived);
  assert.ok(await db.sessions.renew("one", { newSessionId: "two", nonce: "n" }));
  assert.equal(await findOnlyHandle(store, id), handle);
  store.clock.advance(hour);
  await db.sessions.recordUse(["two"]);
  // An older version changes the id without setting the handle.
  await store.run(`update sessions set session_id = '${digest("three")}', previous_id = '${digest("two")}'`);
  assert.equal(await findOnlyHandle(store, id), handle);
  assert.equal(await db.sessions.endByHandle(id, handle), true);
  assert.equal(await db.sessions.findUser("three"), null);
  // A session with the same id is another session.
  await db.sessions.open({ userId: id, sessionId: "one" });
  assert.notEqual(await findOnlyHandle(store, id), handle);
});

test("sessions of an older version get a permanent handle when two nodes list them", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id } = await db.addUser(email, "hash");
  const two = await store.open();
  await insertManySessions(store, { userId: id, count: 300 });
  const lists = await Promise.all([0, 1, 0, 1].map((i) => [db, two][i]?.sessions.list(id, { limit: 300 })));
  const handles = lists.map((list) => list?.sessions.map(({ handle }) => handle) ?? []);
  for (const each of handles) assert.deepEqual(each, handles[0]);
  assert.equal(new Set(handles[0]).size, 300);
  for (const handle of handles[0] ?? []) assert.match(handle, /^[\w-]{43}$/);
  await store.run("update sessions set session_id = 'renewed' where session_id = 'created 300'");
  const again = await readPage(store, id, { limit: 300 });
  assert.deepEqual(
    again.sessions.map(({ handle }) => handle),
    handles[0],
  );
  assert.equal(await two.sessions.endByHandle(id, handles[0]?.[0] ?? ""), true);
  assert.equal((await store.run("select * from sessions where session_id = 'renewed'")).length, 0);
});

test("the caller's session has a handle too, at any position", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id } = await db.addUser(email, "hash");
  await db.sessions.open({ userId: id, sessionId: "own" });
  await store.run("update sessions set handle = null");
  await insertManySessions(store, { userId: id, count: 20, firstCreated: 0 });
  const { sessions } = await readPage(store, id, { limit: 3, current: "own" });
  assert.deepEqual(
    sessions.map(({ current }) => current),
    [false, false, true],
  );
  assert.equal(await db.sessions.endByHandle(id, sessions[2]?.handle ?? ""), true);
  assert.equal(await db.sessions.findUser("own"), null);
});

test("a handle of another user's session, or a malformed one, ends no session", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id } = await db.addUser(email, "hash");
  const { id: other } = await db.addUser("eve@example.com", "hash");
  await db.sessions.open({ userId: id, sessionId: "bob's" });
  await db.sessions.open({ userId: other, sessionId: "eve's" });
  const handle = await findOnlyHandle(store, id);
  assert.equal(await db.sessions.endByHandle(other, handle), false);
  const malformed = [
    "",
    "null",
    "\0",
    `${handle.slice(0, -1)}\0`,
    "\ud800",
    "x".repeat(10_000),
    `${handle} `,
    "%",
    "bob's",
  ];
  for (const text of [...malformed, digest("bob's"), digest(digest("bob's"))]) {
    assert.equal(await db.sessions.endByHandle(id, text), false, text);
  }
  for (const sessionId of ["bob's", "eve's"]) assert.ok(await db.sessions.findUser(sessionId));
  const { sessions } = await readPage(store, other, { current: "bob's" });
  assert.deepEqual(
    sessions.map(({ current }) => current),
    [false],
    "another user's session is not the current one",
  );
});

for (const interval of [0, 1]) {
  test(`pages contain every session once, newest first (${interval} ms apart)`, async () => {
    await using store = await createStore();
    const { db } = store;
    const { id } = await db.addUser(email, "hash");
    await insertManySessions(store, { userId: id, count: 95, interval });
    for (const limit of [1, 2, 7, 94, 95, 96, 1000]) {
      const pages = await readAllPages(store, id, limit);
      assert.equal(pages.length, Math.ceil(95 / limit), `${limit}`);
      for (const each of pages.slice(0, -1)) assert.equal(each.length, limit);
      const all = pages.flat();
      assert.equal(new Set(all.map(({ handle }) => handle)).size, 95);
      const times = all.map(({ createdAt }) => createdAt);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
    }
    await db.sessions.open({ userId: id, sessionId: "own" });
    await store.run(`update sessions set created_at = 1 where session_id = '${digest("own")}'`);
    for (const limit of [1, 2, 7, 95, 96, 1000]) {
      const pages = await readAllPages(store, id, limit, "own");
      assert.equal(new Set(pages.flat().map(({ handle }) => handle)).size, 96);
      assert.equal(pages.flat().length, 96, "the current session is on one page only");
      assert.ok(
        pages[0]?.at(-1)?.current,
        "the current session is on the first page, last because all others are newer",
      );
      for (const each of pages) assert.ok(each.length <= limit);
    }
  });
}

test("sessions that are opened or end between two pages neither hide others nor repeat them", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id } = await db.addUser(email, "hash");
  await insertManySessions(store, { userId: id, count: 60, interval: 0 });
  const before = (await readPage(store, id, { limit: 60 })).sessions.map(({ handle }) => handle);
  const endedHandles = new Set<string>();
  const pages = await readAllPages(store, id, 10, undefined, async (sessions) => {
    const last = sessions.at(-1)?.handle ?? "";
    // One of these sessions was already listed, and one was not.
    const later = before[before.indexOf(last) + 4] ?? "";
    for (const handle of [last, later]) assert.equal(await db.sessions.endByHandle(id, handle), true);
    endedHandles.add(later);
    await db.sessions.open({ userId: id, sessionId: `new ${endedHandles.size}` });
  });
  assert.ok(endedHandles.size > 3);
  assert.deepEqual(
    pages.flat().map(({ handle }) => handle),
    before.filter((handle) => !endedHandles.has(handle)),
  );
});

test("expired sessions are on no page, however many there are", async () => {
  await using store = await createStore({ SESSION_IDLE: "1h" });
  const { db, clock } = store;
  const { id } = await db.addUser(email, "hash");
  await db.sessions.open({ userId: id, sessionId: "old" });
  clock.advance(1);
  await insertManySessions(store, { userId: id, count: 900, firstCreated: 0, unusedFor: hour });
  clock.advance(1000);
  await db.sessions.recordUse(["old"]);
  await db.sessions.open({ userId: id, sessionId: "new" });
  for (const limit of [1, 2, 1000]) {
    assert.deepEqual(
      (await readAllPages(store, id, limit)).map((each) => each.length),
      limit === 1 ? [1, 1] : [2],
      `${limit}`,
    );
  }
});

test("an invalid `next` returns no page, and the `next` of another user returns none of that user's sessions", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id } = await db.addUser(email, "hash");
  const { id: other } = await db.addUser("eve@example.com", "hash");
  await insertManySessions(store, { userId: id, count: 5 });
  await db.sessions.open({ userId: other, sessionId: "eve's" });
  const encode = (text: string) => Buffer.from(text).toString("base64url");
  const valid = encode("1 x");
  for (const after of [
    ...["", "x", valid.slice(1), `${valid}=`, ` ${valid}`, `${valid}\0`, "1 x", "\ud800", "A".repeat(9000)],
    ...[
      "1",
      "1 ",
      "-1 x",
      "01 x",
      "1e3 x",
      "1.5 x",
      "1 a\0b",
      "1 \u00e9",
      `${"9".repeat(16)} x`,
      `1 ${"x".repeat(251)}`,
    ].map(encode),
  ]) {
    assert.equal(await db.sessions.list(id, { limit: 10, after }), null, after);
  }
  assert.ok(await db.sessions.list(id, { limit: 10, after: valid }));
  const { next } = await readPage(store, id, { limit: 2 });
  assert.ok(next);
  assert.deepEqual(await readPage(store, other, { after: next }), { sessions: [], next: null });
});
