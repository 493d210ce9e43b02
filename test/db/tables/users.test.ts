import assert from "node:assert/strict";
import { EmailTaken, InvalidRequestError, NoResultFound } from "../../../src/errors.ts";
import type { User } from "../../../src/user.ts";
import { retryWhileUnavailable } from "../../support/databases.ts";
import { createStore } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { hour } from "../../support/world.ts";

const email = "bob@example.com";
const hashedPassword = "$2b$04$hash";

test("addUser returns the whole user, who can then be found", async () => {
  await using store = await createStore();
  const now = store.clock.now();
  const bob = await store.db.addUser(email, hashedPassword);
  assert.deepEqual(bob, {
    id: 1,
    email,
    hashedPassword,
    sessionId: null,
    resetToken: null,
    resetTokenExpiresAt: null,
    emailVerifiedAt: null,
    disabledAt: null,
    createdAt: now,
    updatedAt: now,
  } satisfies User);
  assert.deepEqual(await store.db.findUserBy({ email }), bob);
});

test("an address has one user, and the id of a deleted user is not reused", async () => {
  await using store = await createStore();
  await store.db.addUser(email, hashedPassword);
  await assert.rejects(store.db.addUser(email, "another"), EmailTaken);
  assert.equal((await store.db.findUserBy({ email })).hashedPassword, hashedPassword);
  await store.run("delete from users");
  assert.ok((await store.db.addUser(email, hashedPassword)).id > 1);
});

test("exactly one of 2 or 100 simultaneous registrations of an address over two connections succeeds", async () => {
  await using store = await createStore();
  const dbs = [store.db, await store.open()];
  for (const count of [2, 100]) {
    const address = `${count}@example.com`;
    const attempts = Array.from({ length: count }, (_, i) =>
      retryWhileUnavailable(async () => dbs[i % 2]?.addUser(address, `hash ${i}`)),
    );
    const results = await Promise.allSettled(attempts);
    const added = results.filter((result) => result.status === "fulfilled").map((result) => result.value);
    assert.deepEqual(added, [await store.db.findUserBy({ email: address })]);
    const refusals = results.filter((result) => result.status === "rejected").map((result) => result.reason);
    assert.equal(refusals.length, count - 1);
    for (const refusal of refusals) assert.ok(refusal instanceof EmailTaken, refusal);
  }
});

test("a user is found by each attribute and by all of them, but not by another value", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  await db.addUser("alice@example.com", "another");
  clock.advance(1);
  const { id, createdAt } = await db.addUser(email, hashedPassword);
  clock.advance(1);
  const changes = {
    resetToken: "token",
    resetTokenExpiresAt: clock.now() + 7,
    emailVerifiedAt: clock.now() + 8,
    disabledAt: clock.now() + 9,
  };
  await db.updateUser(id, { ...changes, sessionId: "session" });
  const bob: User = { id, email, hashedPassword, createdAt, updatedAt: clock.now(), sessionId: "session", ...changes };
  const credentials = { sessionId: null, resetToken: null };

  for (const name of Object.keys(bob) as (keyof User)[]) {
    const found = await db.findUserBy({ [name]: bob[name] });
    assert.deepEqual(found, { ...bob, ...credentials, [name]: bob[name] }, name);
    const other = typeof bob[name] === "number" ? bob[name] + 100 : `${bob[name]}x`;
    await assert.rejects(db.findUserBy({ [name]: other }), NoResultFound, name);
    await assert.rejects(db.findUserBy({ ...bob, [name]: other }), NoResultFound, `all, with another ${name}`);
  }
  assert.deepEqual(await db.findUserBy(bob), bob);
});

test("null finds users without the attribute, but a credential of null finds no user", async () => {
  await using store = await createStore();
  const { db } = store;
  const bob = await db.addUser(email, hashedPassword);
  for (const name of ["resetTokenExpiresAt", "emailVerifiedAt", "disabledAt"] as const) {
    assert.equal((await db.findUserBy({ [name]: null })).id, bob.id);
    await db.updateUser(bob.id, { [name]: 1 });
    await assert.rejects(db.findUserBy({ [name]: null }), NoResultFound);
  }
  for (const name of ["sessionId", "resetToken"] as const) {
    await assert.rejects(db.findUserBy({ [name]: null }), NoResultFound);
    await assert.rejects(db.findUserBy({ email, [name]: null }), NoResultFound);
    await assert.rejects(db.findUserBy({ [name]: "" }), NoResultFound);
  }
});

test("an update changes the given attributes and no others", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const alice = await db.addUser("alice@example.com", "another");
  const { id } = await db.addUser(email, hashedPassword);
  const changes = {
    email: "bobby@example.com",
    hashedPassword: "changed",
    resetToken: "token",
    resetTokenExpiresAt: clock.now() + hour / 2,
    emailVerifiedAt: 1,
    disabledAt: 2,
    createdAt: 3,
    updatedAt: 4,
    sessionId: "session",
  } satisfies Required<Omit<User, "id">>;
  for (const [name, value] of Object.entries(changes)) {
    clock.advance(1);
    const before = await db.findUserBy({ id });
    await db.updateUser(id, { [name]: value });
    const changed = name in { sessionId: 0, resetToken: 0 } ? {} : { [name]: value };
    const expiry = name === "resetToken" ? { resetTokenExpiresAt: clock.now() + hour } : {};
    assert.deepEqual(await db.findUserBy({ id }), { ...before, updatedAt: clock.now(), ...expiry, ...changed }, name);
    assert.equal((await db.findUserBy({ [name]: value })).id, id, name);
  }
  assert.deepEqual(await db.findUserBy({ id: alice.id }), alice);
});

test("updating the session id leaves that session only, and null ends all sessions", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id } = await db.addUser(email, hashedPassword);
  const alice = await db.addUser("alice@example.com", "another");
  await db.updateUser(alice.id, { sessionId: "alice's" });
  for (const sessionId of ["phone", "laptop"]) await db.sessions.open({ userId: id, sessionId });
  await db.updateUser(id, { sessionId: "only" });
  assert.deepEqual(
    await Promise.all(["phone", "laptop", "only"].map(async (s) => (await db.sessions.findUser(s))?.id)),
    [undefined, undefined, id],
  );
  await db.updateUser(id, { sessionId: null });
  assert.equal(await db.sessions.findUser("only"), null);
  assert.equal((await db.sessions.findUser("alice's"))?.id, alice.id);
});

test("a rejected update changes nothing", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const alice = await db.addUser("alice@example.com", "another");
  await db.updateUser(alice.id, { sessionId: "alice's", resetToken: "alice's" });
  const { id } = await db.addUser(email, hashedPassword);
  await db.updateUser(id, { sessionId: "bob's", resetToken: "bob's", emailVerifiedAt: 5 });
  clock.advance(1);
  const before = [await store.readRows("users"), await store.readRows("sessions")];
  const fine = { hashedPassword: "changed", sessionId: "new", resetToken: null, disabledAt: 1 };
  const assertRejected = async (changes: object, error: new () => Error, user = id) => {
    await assert.rejects(db.updateUser(user, { ...fine, ...changes }), error, JSON.stringify(changes));
    assert.deepEqual(
      [await store.readRows("users"), await store.readRows("sessions")],
      before,
      JSON.stringify(changes),
    );
  };
  await assertRejected({ nickname: "bobby" }, InvalidRequestError);
  await assertRejected({ id: 7 }, InvalidRequestError);
  await assertRejected({ id }, InvalidRequestError);
  await assertRejected({ email: null }, InvalidRequestError);
  await assertRejected({ email: "x".repeat(251) }, InvalidRequestError);
  await assertRejected({ email: alice.email }, EmailTaken);
  await assertRejected({ sessionId: "alice's" }, InvalidRequestError);
  await assertRejected({ resetToken: "alice's" }, InvalidRequestError);
  await assertRejected({}, NoResultFound, 99);
});
