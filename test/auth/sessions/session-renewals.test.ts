import assert from "node:assert/strict";
import type { Auth } from "../../../src/auth/auth.ts";
import { type Environment, readSettings } from "../../../src/settings/settings.ts";
import { createStore, type Store } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { startNode } from "../../support/node.ts";
import { day, minute } from "../../support/world.ts";

const bob = { email: "bob@example.com", password: "mySuperPwd" };
const eve = { email: "eve@example.com", password: "eve-eve-1" };
const chosen = "t4rt1fl3tt3";
/** How long the previous id stays valid after a renewal. */
const grace = 10_000;

interface Nodes extends AsyncDisposable {
  readonly store: Store;
  readonly one: Auth;
  readonly two: Auth;
  /** Logs bob in and returns the session id. */
  logIn(): Promise<string>;
}

/** Creates two nodes on one database, with bob's account. */
async function createNodes(environment: Environment = {}): Promise<Nodes> {
  const resources = new AsyncDisposableStack();
  const store = resources.use(await createStore(environment));
  const settings = readSettings({ BCRYPT_COST: "4", ...environment });
  const [one, two] = [await startNode(resources, store, { settings }), await startNode(resources, store, { settings })];
  await one.registerUser(bob.email, bob.password);
  const logIn = async () => (await one.logIn(bob)).session.sessionId;
  return { store, one, two, logIn, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function confirm(auth: Auth, sessionId: string, password = bob.password): Promise<string> {
  return (await auth.account.confirmPassword(sessionId, password)).session.sessionId;
}

async function isLive(auth: Auth, sessionId: string): Promise<boolean> {
  const user = await auth.getUserFromSessionId(sessionId);
  const person = await auth.account.getUser(sessionId).catch(() => null);
  assert.equal(person?.id, user?.id, "all lookups agree");
  return user !== null;
}

const ways: Record<string, (auth: Auth, sessionId: string) => Promise<string>> = {
  "confirming the password": (auth, sessionId) => confirm(auth, sessionId),
  "changing the password": async (auth, sessionId) =>
    (await auth.account.changePassword(sessionId, { currentPassword: bob.password, newPassword: chosen })).session
      .sessionId,
};

for (const [way, renew] of Object.entries(ways)) {
  // id: previous-id-ten-seconds
  test(`after ${way}, the previous id finds the same session on every node for exactly ten seconds`, async () => {
    await using nodes = await createNodes();
    const { one, two, store } = nodes;
    const before = await nodes.logIn();
    const after = await renew(one, before);
    assert.notEqual(after, before);
    for (const auth of [one, two]) {
      for (const id of [before, after]) {
        assert.ok(await isLive(auth, id));
        const sessions = await auth.sessions.list(id);
        assert.deepEqual(
          sessions.map(({ current }) => current),
          [true],
        );
        assert.equal((await store.db.findUserBy({ sessionId: id })).email, bob.email);
      }
    }
    store.clock.advance(grace - 1);
    assert.ok(await isLive(two, before));
    store.clock.advance(1);
    for (const auth of [one, two]) {
      assert.ok(!(await isLive(auth, before)));
      assert.ok(await isLive(auth, after));
    }
    await assert.rejects(store.db.findUserBy({ sessionId: before }));
  });

  const ends: Record<string, (auth: Auth, ids: { before: string; after: string; other: string }) => Promise<unknown>> =
    {
      "a logout": (auth, { after }) => auth.logOut(after),
      "a logout with the previous id": (auth, { before }) => auth.logOut(before),
      "a reset": async (auth) => auth.updatePassword(await auth.getResetPasswordToken(bob.email), `${chosen}2`),
      "ending it from another device": (auth, { other }) => auth.sessions.endOthers(other),
      "ending it by its handle": async (auth, { other }) => {
        const one = (await auth.sessions.list(other)).find(({ current }) => !current);
        await auth.sessions.end(other, one?.id ?? "");
      },
      "ending it as an operator": async (auth) =>
        auth.destroySession((await auth.admin.findAccount(bob.email))?.id ?? 0),
      "a disabled account": async (auth) =>
        auth.admin.disableAccount((await auth.admin.findAccount(bob.email))?.id ?? 0),
      "a deleted account": async (auth) => auth.admin.deleteAccount((await auth.admin.findAccount(bob.email))?.id ?? 0),
      "a login with the previous id": async (auth, { before }) => {
        await auth.registerUser(eve.email, eve.password);
        await auth.logIn({ ...eve, replaces: before });
      },
    };
  for (const [what, end] of Object.entries(ends)) {
    // id: both-ids-end
    test(`after ${way}, ${what} ends both ids`, async () => {
      await using nodes = await createNodes();
      const before = await nodes.logIn();
      const after = await renew(nodes.one, before);
      const password = way === "changing the password" ? chosen : bob.password;
      const other = (await nodes.one.logIn({ ...bob, password })).session.sessionId;
      await end(nodes.two, { before, after, other });
      for (const id of [before, after]) for (const auth of [nodes.one, nodes.two]) assert.ok(!(await isLive(auth, id)));
    });
  }
}

for (const TOKEN_FORMAT of ["uuid", "random"]) {
  test(`simultaneous confirmations on two nodes all return the same new id (${TOKEN_FORMAT})`, async () => {
    await using nodes = await createNodes({ TOKEN_FORMAT });
    const before = await nodes.logIn();
    const ids = await Promise.all([nodes.one, nodes.two, nodes.one, nodes.two].map((auth) => confirm(auth, before)));
    assert.equal(new Set(ids).size, 1);
    const [after = ""] = ids;
    const form =
      TOKEN_FORMAT === "uuid" ? /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/ : /^[\w-]{43}$/;
    for (const id of [before, after]) assert.match(id, form);
    assert.equal(await confirm(nodes.two, before), after, "a late confirmation too");
    assert.deepEqual([await isLive(nodes.one, after), (await nodes.one.sessions.list(after)).length], [true, 1]);
    // The session's current id can still be renewed.
    const third = await confirm(nodes.two, after);
    assert.notEqual(third, after);
    assert.deepEqual(await Promise.all([before, after, third].map((id) => isLive(nodes.two, id))), [false, true, true]);
  });
}

test("two renewed sessions get ids unrelated to each other and to the previous ids", async () => {
  await using nodes = await createNodes();
  const before = await Promise.all([nodes.logIn(), nodes.logIn()]);
  const after = await Promise.all(before.map((id) => confirm(nodes.one, id)));
  assert.equal(new Set([...before, ...after]).size, 4);
  const stored = JSON.stringify(await nodes.store.readRows("sessions"));
  for (const id of [...before, ...after]) assert.ok(!stored.includes(id), "ids are stored only as their SHA-256");
});

test("a user can end all other sessions with the previous id, and stays logged in", async () => {
  await using nodes = await createNodes();
  const before = await nodes.logIn();
  const others = [await nodes.logIn(), await nodes.logIn()];
  const after = await confirm(nodes.one, before);
  assert.equal(await nodes.two.sessions.endOthers(before), 2);
  for (const id of [before, after]) assert.ok(await isLive(nodes.one, id));
  for (const id of others) assert.ok(!(await isLive(nodes.one, id)));
  assert.ok(await nodes.one.account.exportData(before), "the password is still confirmed");
});

test("a list from before a renewal can still be used to end the session", async () => {
  await using nodes = await createNodes();
  const [mine, lost] = [await nodes.logIn(), await nodes.logIn()];
  const handle = (await nodes.one.sessions.list(mine)).find(({ current }) => !current)?.id ?? "";
  const after = await confirm(nodes.two, lost);
  nodes.store.clock.advance(minute);
  await nodes.one.sessions.end(mine, handle);
  assert.deepEqual([await isLive(nodes.one, after), await isLive(nodes.one, mine)], [false, true]);
});

test("with SESSION_LIMIT=1, a renewal leaves one session, and a login ends both of its ids", async () => {
  await using nodes = await createNodes({ SESSION_LIMIT: "1" });
  const before = await nodes.logIn();
  const after = await confirm(nodes.one, before);
  assert.equal((await nodes.one.sessions.list(before)).length, 1);
  await nodes.logIn();
  for (const id of [before, after]) assert.ok(!(await isLive(nodes.two, id)));
});

test("a renewal by a clock that was ahead keeps the previous id valid no longer than any other renewal", async () => {
  await using nodes = await createNodes();
  const before = await nodes.logIn();
  nodes.store.clock.advance(2 * day);
  const after = await confirm(nodes.one, before);
  nodes.store.clock.advance(-2 * day);
  assert.ok(!(await isLive(nodes.one, before)));
  assert.ok(await isLive(nodes.one, after));
});

test("a session is renewed even if hashing takes longer than the previous id is valid", async () => {
  await using nodes = await createNodes();
  const { db, clock } = nodes.store;
  const before = await nodes.logIn();
  const after = await confirm(nodes.one, before);
  clock.advance(grace + 1);
  const [row] = await nodes.store.readRows("sessions");
  // Renews like a request that began while the previous id was still valid.
  assert.equal(await db.sessions.renew(before, { newSessionId: "third", nonce: "another" }), row?.renewal_nonce);
  assert.ok(await isLive(nodes.one, after));
  assert.ok(!(await isLive(nodes.one, "third")));
});

test("the sweep deletes the nonce of an id once the previous id is no longer valid", async () => {
  await using nodes = await createNodes();
  const before = await nodes.logIn();
  const after = await confirm(nodes.one, before);
  const nonce = async () => (await nodes.store.readRows("sessions"))[0]?.renewal_nonce;
  nodes.store.clock.advance(minute - 1);
  await nodes.one.admin.sweep();
  assert.equal(typeof (await nonce()), "string");
  nodes.store.clock.advance(1);
  await nodes.one.admin.sweep();
  assert.equal(await nonce(), null);
  assert.ok(await isLive(nodes.one, after));
  assert.equal(await nodes.store.db.sessions.renew(before, { newSessionId: "third", nonce: "another" }), false);
});
