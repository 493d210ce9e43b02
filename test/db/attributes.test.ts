import assert from "node:assert/strict";
import { InvalidRequestError, NoResultFound } from "../../src/errors.ts";
import { createStore } from "../support/engine-store.ts";
import { test } from "../support/engines.ts";

const email = "bob@example.com";

// id: unknown-name-refused
test("a name that is not an attribute is rejected, even if it is a property of every object", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id } = await db.addUser(email, "hash");
  const before = await store.readRows("users");
  for (const name of [
    "nickname",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "hashed_password",
    "Email",
    "",
  ]) {
    for (const attributes of [{ [name]: "x" }, { email, [name]: "x" }]) {
      const refusal = { name: "InvalidRequestError", message: `User has no attribute ${JSON.stringify(name)}` };
      await assert.rejects(db.findUserBy(attributes), refusal);
      await assert.rejects(db.updateUser(id, attributes), refusal);
    }
  }
  await assert.rejects(db.findUserBy({}), InvalidRequestError);
  await assert.rejects(db.updateUser(id, {}), InvalidRequestError);
  assert.deepEqual(await store.readRows("users"), before);
});

// id: wrong-type-refused
test("a value of the wrong type is rejected", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id } = await db.addUser(email, "hash");
  const before = await store.readRows("users");
  const wrong = {
    id: ["1", null, Number.NaN, 1n, true],
    email: [1, null, undefined, true, { length: 3 }, [email], new String(email)],
    hashedPassword: [1, null, Buffer.from("hash")],
    sessionId: [1, undefined, {}],
    resetToken: [1, undefined, []],
    resetTokenExpiresAt: ["1", new Date(), Number.NaN],
    emailVerifiedAt: [true, "now", 1n],
    disabledAt: [false, undefined],
    createdAt: [null, new Date()],
    updatedAt: [null, "now"],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      await assert.rejects(db.findUserBy({ [name]: value }), InvalidRequestError, `${name}: ${value}`);
      await assert.rejects(db.updateUser(id, { [name]: value }), InvalidRequestError, `${name}: ${value}`);
    }
  }
  await assert.rejects(db.addUser(null as never, "hash"), InvalidRequestError);
  await assert.rejects(db.addUser("alice@example.com", 5 as never), InvalidRequestError);
  assert.deepEqual(await store.readRows("users"), before);
});

// id: text-at-most-250
test("a string of up to 250 characters is stored whole, whatever its characters", async () => {
  await using store = await createStore();
  const { db } = store;
  for (const text of ["x".repeat(250), "é".repeat(250), "🔑".repeat(250), "", "' or 1=1 --", "a\nb\t\u0001"]) {
    const { id } = await db.addUser(text, text);
    assert.equal((await db.findUserBy({ email: text, hashedPassword: text })).id, id);
    await db.updateUser(id, { resetToken: text, sessionId: text });
    assert.equal((await db.findUserBy({ resetToken: text, sessionId: text })).id, id);
  }
});

test("writes reject a value that one engine cannot store, and lookups with it find no user", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id } = await db.addUser(email, "hash");
  const before = await store.readRows("users");
  for (const text of ["x".repeat(251), "🔑".repeat(251), "nul\0", "half \ud800", "half \udc00"]) {
    await assert.rejects(db.addUser(text, "hash"), InvalidRequestError);
    await assert.rejects(db.addUser("alice@example.com", text), InvalidRequestError);
    for (const name of ["email", "hashedPassword", "sessionId", "resetToken"]) {
      await assert.rejects(db.updateUser(id, { [name]: text }), InvalidRequestError, name);
      await assert.rejects(db.findUserBy({ [name]: text }), NoResultFound, name);
    }
  }
  for (const number of [1.5, 2 ** 53, Number.POSITIVE_INFINITY]) {
    await assert.rejects(db.updateUser(id, { disabledAt: number }), InvalidRequestError);
    await assert.rejects(db.findUserBy({ id: number }), NoResultFound);
  }
  assert.deepEqual(await store.readRows("users"), before);
});

test("a wrong attribute does not compile", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id } = await db.addUser(email, "hash");
  // @ts-expect-error: no such attribute
  await assert.rejects(db.findUserBy({ nickname: "bob" }), InvalidRequestError);
  // @ts-expect-error: a column name instead of an attribute
  await assert.rejects(db.findUserBy({ hashed_password: "hash" }), InvalidRequestError);
  // @ts-expect-error: an address is not a number
  await assert.rejects(db.findUserBy({ email: 5 }), InvalidRequestError);
  // @ts-expect-error: an address is not null
  await assert.rejects(db.findUserBy({ email: null }), InvalidRequestError);
  // @ts-expect-error: no such attribute
  await assert.rejects(db.updateUser(id, { nickname: "bob" }), InvalidRequestError);
  // @ts-expect-error: the id does not change
  await assert.rejects(db.updateUser(id, { id: 2 }), InvalidRequestError);
  // @ts-expect-error: a time is a number
  await assert.rejects(db.updateUser(id, { disabledAt: new Date() }), InvalidRequestError);
  // @ts-expect-error: both are required
  await assert.rejects(db.addUser("alice@example.com"), InvalidRequestError);
  assert.equal(
    (await db.findUserBy({ email, sessionId: undefined as never }).catch((e) => e)).name,
    "InvalidRequestError",
  );
});
