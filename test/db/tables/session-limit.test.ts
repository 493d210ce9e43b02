import assert from "node:assert/strict";
import type { Auth } from "../../../src/auth/auth.ts";
import { readSettings } from "../../../src/settings/settings.ts";
import { createStore, type Store } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { insertManySessions, listInsertedSessions } from "../../support/many-sessions.ts";
import { startNode } from "../../support/node.ts";
import { hour, minute } from "../../support/world.ts";

const email = "bob@example.com";
const password = "mySuperPwd";
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const count = async ({ run }: Store) => Number((await run("select count(*) as count from sessions"))[0]?.count);

async function createNodes(environment = {}, nodeCount = 1) {
  const resources = new AsyncDisposableStack();
  const store = resources.use(await createStore(environment));
  const settings = readSettings({ BCRYPT_COST: "4", ...environment });
  const nodes = await Promise.all(Array.from({ length: nodeCount }, () => startNode(resources, store, { settings })));
  const [auth] = nodes as [Auth];
  const { id } = await auth.registerUser(email, password);
  return { store, auth, nodes, id, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

const ways: Record<string, (auth: Auth, store: Store, id: number) => Promise<string | undefined>> = {
  "a login": async (auth) => (await auth.logIn({ email, password })).session.sessionId,
  createSession: async (auth) => (await auth.createSession(email)) ?? undefined,
  "DB.sessions.open": async (_, { db }, userId) => (await db.sessions.open({ userId, sessionId: "new" }))?.sessionId,
  "DB.sessions.open with a larger limit": async (_, { db }, userId) =>
    (await db.sessions.open({ userId, sessionId: "new", limit: 5000 }))?.sessionId,
};

for (const [way, open] of Object.entries(ways)) {
  // id: at-most-1000
  test(`no user has more than 1,000 sessions: ${way} ends the oldest`, async () => {
    await using nodes = await createNodes();
    const { store, auth, id } = nodes;
    const { id: other } = await store.db.addUser("eve@example.com", "hash");
    await store.db.sessions.open({ userId: other, sessionId: "eve's" });
    await insertManySessions(store, { userId: id, count: 999 });
    const first = await open(auth, store, id);
    assert.deepEqual(await listInsertedSessions(store), numbers(1, 999));
    store.clock.advance(1);
    await store.run("update sessions set session_id = 'moved' where user_id = 1 and session_id not like 'created %'");
    const second = await open(auth, store, id);
    assert.deepEqual(await listInsertedSessions(store), numbers(2, 999));
    assert.ok(first && second && (await auth.getUserFromSessionId(second)));
    assert.equal(await count(store), 1001);
    assert.ok(await auth.getUserFromSessionId("eve's"));
  });
}

test("if a user exceeds the limit, expired sessions end first, even if they are newer", async () => {
  await using nodes = await createNodes({ SESSION_IDLE: "1h" });
  const { store, auth, id } = nodes;
  await insertManySessions(store, { userId: id, count: 999 });
  await store.run(
    `update sessions set last_seen_at = ${store.clock.now() - hour} where session_id in ('created 998', 'created 999')`,
  );
  for (let i = 0; i < 3; i++) await auth.logIn({ email, password });
  assert.deepEqual(await listInsertedSessions(store), numbers(1, 997));
  await auth.logIn({ email, password });
  assert.deepEqual(await listInsertedSessions(store), numbers(2, 997));
});

test("a session that was just opened stays, even if all others have the same time or a later one", async () => {
  for (const firstCreated of [0, minute]) {
    await using nodes = await createNodes();
    const { store, auth, id } = nodes;
    await insertManySessions(store, { userId: id, count: 1000, interval: 0, firstCreated });
    const opened = (await auth.logIn({ email, password })).session.sessionId;
    assert.equal(await count(store), 1000);
    assert.ok(await auth.getUserFromSessionId(opened));
  }
});

// id: fifty-at-once
test("fifty simultaneous logins on two nodes leave exactly 1,000 sessions, including all fifty", async () => {
  await using many = await createNodes({}, 2);
  const { store, nodes, id } = many;
  await insertManySessions(store, { userId: id, count: 1000 });
  const opened = await Promise.all(
    Array.from({ length: 50 }, (_, i) => (nodes[i % 2] as Auth).logIn({ email, password })),
  );
  assert.equal(await count(store), 1000);
  assert.deepEqual(await listInsertedSessions(store), numbers(51, 1000));
  for (const { session } of opened) assert.ok(await nodes[0]?.getUserFromSessionId(session.sessionId));
});

test("SESSION_LIMIT keeps only the newest sessions, even if there are a thousand", async () => {
  await using nodes = await createNodes({ SESSION_LIMIT: "3" });
  const { store, auth, id } = nodes;
  await insertManySessions(store, { userId: id, count: 1000 });
  await auth.logIn({ email, password });
  assert.deepEqual(await listInsertedSessions(store), [999, 1000]);
});

test("with 200,000 sessions left by an older version, a login ends a few hundred, and a sweep ends all but the newest 1,000", async () => {
  await using nodes = await createNodes();
  const { store, auth, id } = nodes;
  const { id: other } = await store.db.addUser("eve@example.com", "hash");
  for (let i = 0; i < 3; i++) await store.db.sessions.open({ userId: other, sessionId: `eve's ${i}` });
  await insertManySessions(store, { userId: id, count: 200_000 });
  for (let i = 1; i <= 2; i++) {
    const before = await count(store);
    await auth.logIn({ email, password });
    const ended = before + 1 - (await count(store));
    assert.ok(ended > 0 && ended <= 501, `${ended}`);
  }
  const own = (await auth.logIn({ email, password })).session.sessionId;
  const { sessions } = await auth.admin.sweep();
  assert.ok(sessions > 190_000, `${sessions}`);
  assert.deepEqual(await listInsertedSessions(store), numbers(199_004, 200_000));
  assert.ok(await auth.getUserFromSessionId(own));
  assert.equal((await auth.admin.listSessions(other)).length, 3);
});

const ends: Record<string, (nodes: { auth: Auth; store: Store; id: number }, own: string) => Promise<unknown>> = {
  "ending all others": ({ auth }, own) => auth.sessions.endOthers(own),
  "a password change": ({ auth }, own) =>
    auth.account.changePassword(own, { currentPassword: password, newPassword: `${password}2` }),
  "a password reset": async ({ auth }) => auth.updatePassword(await auth.getResetPasswordToken(email), `${password}2`),
  "an operator": ({ auth, id }) => auth.admin.endSessions(id),
  "disabling the account": ({ auth, id }) => auth.admin.disableAccount(id),
  "deleting the account": ({ auth, id }) => auth.admin.deleteAccount(id),
  destroySession: ({ auth, id }) => auth.destroySession(id),
  "DB.updateUser": ({ store, id }) => store.db.updateUser(id, { sessionId: "only" }),
};

for (const [end, act] of Object.entries(ends)) {
  test(`${end} ends thousands of sessions, but not a current session that must stay`, async () => {
    await using nodes = await createNodes();
    const { store, auth, id } = nodes;
    const own = (await auth.createSession(email)) ?? "";
    await insertManySessions(store, { userId: id, count: 3600, firstCreated: 0 });
    await act(nodes, own);
    assert.deepEqual(await listInsertedSessions(store), []);
    const stays = ["ending all others", "a password change", "DB.updateUser"].includes(end);
    assert.equal(await count(store), stays ? 1 : 0);
    if (stays && end !== "DB.updateUser") assert.ok(await auth.getUserFromSessionId(own));
  });
}

test("a session that is presented by its previous id stays when all others end, even if it is the oldest of many", async () => {
  await using nodes = await createNodes();
  const { store, auth, id } = nodes;
  const before = (await auth.createSession(email)) ?? "";
  const after = (await auth.account.confirmPassword(before, password)).session.sessionId;
  await insertManySessions(store, { userId: id, count: 1700, firstCreated: 0 });
  assert.equal(await auth.sessions.endOthers(before), 1700);
  for (const each of [before, after]) assert.ok(await auth.getUserFromSessionId(each));
});
