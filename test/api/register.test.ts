import assert from "node:assert/strict";
import { getCurrentEngine, test } from "../support/engines.ts";
import {
  assertRejected,
  bob,
  canLogIn,
  multipart,
  readStatusAndBody,
  register,
  urlencoded,
  withJson,
} from "../support/steps.ts";
import { createWorld, form } from "../support/world.ts";

const taken = '400 {"message":"email already registered"}\n';

// id: makes-account
test("POST /users creates an account and returns 200, not 201", async () => {
  await using world = await createWorld();
  const response = await world.request("/users", form(bob));
  assert.equal(response.headers.get("Content-Type"), "application/json");
  assert.equal(await readStatusAndBody(response), '200 {"email":"bob@example.com","message":"user created"}\n');
  assert.ok(await canLogIn(world, bob));
});

test("a registered address is rejected, and its password does not change", async () => {
  await using world = await createWorld();
  await register(world);
  assert.equal(await readStatusAndBody(world.request("/users", form({ ...bob, password: "other" }))), taken);
  assert.ok(await canLogIn(world, bob));
  assert.ok(!(await canLogIn(world, { ...bob, password: "other" })));
});

test("surrounding spaces and letter case do not make an address a different account", async () => {
  await using world = await createWorld();
  const response = world.request("/users", form({ ...bob, email: "  BOB@Example.COM\t" }));
  assert.equal(await readStatusAndBody(response), '200 {"email":"BOB@Example.COM","message":"user created"}\n');
  for (const email of ["bob@example.com", "Bob@example.com", "bob@EXAMPLE.com ", "\nbob@example.com"]) {
    assert.equal(await readStatusAndBody(world.request("/users", form({ ...bob, email }))), taken);
    assert.ok(await canLogIn(world, { ...bob, email }));
  }
});

test("exactly one of several simultaneous registrations of an address gets 200, and the others get the contract's 400", async () => {
  await using world = await createWorld();
  const spellings = ["bob@example.com", "BOB@example.com", " bob@example.com"];
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      readStatusAndBody(
        world.request("/users", form({ email: spellings[i % 3] as string, password: `password ${i}` })),
      ),
    ),
  );
  const winner = answers.findIndex((answer) => answer.startsWith("200"));
  const email = spellings[winner % 3]?.trim();
  assert.equal(answers[winner], `200 {"email":"${email}","message":"user created"}\n`);
  assert.deepEqual(
    answers.filter((_, i) => i !== winner),
    Array(11).fill(taken),
  );
  assert.ok(await canLogIn(world, { ...bob, password: `password ${winner}` }));
});

// id: bad-field-named
test("a field that is missing, empty or not text is rejected, and the message names it", async () => {
  await using world = await createWorld();
  for (const name of ["email", "password"] as const) {
    const { [name]: _, ...rest } = bob;
    const missing = new RegExp(`^${name} is missing$`);
    for (const init of [form(rest), withJson(rest), multipart(Object.entries(rest))]) {
      await assertRejected(world.request("/users", init), 400, missing);
    }
    const empty = { ...bob, [name]: "" };
    for (const init of [form(empty), withJson(empty), multipart(Object.entries(empty))]) {
      await assertRejected(world.request("/users", init), 400, missing);
    }
    for (const value of [null, 0, 1, true, false]) {
      await assertRejected(world.request("/users", withJson({ ...bob, [name]: value })), 400, missing);
    }
    await assertRejected(
      world.request("/users", urlencoded(new URLSearchParams(rest).toString().concat(`&${name}`))),
      400,
    );
  }
  await assertRejected(world.request("/users", { method: "POST" }), 400, /^email is missing$/);
  assert.ok(await world.db.users.isEmpty());
});

/** Printable ASCII, but no email can be sent to them. */
const undeliverableAddresses = [
  "bob",
  "bob@",
  "@example.com",
  "bob@@example.com",
  "bob @example.com",
  "bob@exa mple.com",
  "bob@-example.com",
  "bob@example..com",
  "bob@example.com.",
  "bob@example.com,eve@example.com",
  "<bob@example.com>",
];

const invalidAddresses = [
  "bob@example.com\0",
  "bób@example.com",
  "bob@exämple.com",
  "\u212aate@example.com",
  "mıke@example.com",
  "🐧@example.com",
  `${"a".repeat(239)}@example.com`,
];

test("an invalid address gets 400 at registration, 401 at login and 403 at reset", async () => {
  await using world = await createWorld({ EMAIL_FORMAT: "address" });
  for (const email of [...invalidAddresses, ...undeliverableAddresses]) {
    await assertRejected(world.request("/users", form({ ...bob, email })), 400, /^email is not a valid address$/);
    await assertRejected(world.request("/sessions", form({ ...bob, email })), 401);
    await assertRejected(world.request("/reset_password", form({ email })), 403);
  }
  assert.ok(await world.db.users.isEmpty());
});

test("an address that is not printable ASCII, or over 250 characters, is invalid in both modes", async () => {
  await using world = await createWorld();
  for (const email of [...invalidAddresses, "a\tb", "a\nb@c", "a\x1fb", "a\x7fb", "x".repeat(251), " ", "\t\r\n"]) {
    const message = /^email is not a valid address(: it contains an invisible character)?$/;
    await assertRejected(world.request("/users", form({ ...bob, email })), 400, message);
    await assertRejected(world.request("/sessions", form({ ...bob, email })), 401);
    await assertRejected(world.request("/reset_password", form({ email })), 403);
  }
  assert.ok(await world.db.users.isEmpty());
});

test("an address of 250 characters, and every form that an HTML email input accepts, is valid", async () => {
  await using world = await createWorld();
  for (const email of [`${"a".repeat(238)}@example.com`, "bob@localhost", "!#$%&'*+/=?^_`{|}~-.@1.2.example"]) {
    await register(world, { ...bob, email });
    assert.ok(await canLogIn(world, { ...bob, email }));
  }
});

// id: no-folded-letters
test("Unicode letters are not folded: the Kelvin sign is not a k, and a dotless i is not an i", async () => {
  await using world = await createWorld();
  await register(world, { ...bob, email: "mike@example.com" });
  for (const email of ["mi\u212ae@example.com", "mıke@example.com", "MİKE@example.com", "ｍike@example.com"]) {
    assert.ok(!(await canLogIn(world, { ...bob, email })), email);
    await assertRejected(world.request("/reset_password", form({ email })), 403);
  }
});

// id: differing-passwords
test("passwords that differ only after 72 bytes, after a NUL or by a byte order mark are different", async () => {
  await using world = await createWorld();
  const seventyTwo = "a".repeat(72);
  const families = [
    [seventyTwo, `${seventyTwo}b`, `${seventyTwo}c`, `${seventyTwo}b\0`],
    ["é".repeat(36), `${"é".repeat(36)}a`, `${"é".repeat(36)}b`],
    ["secret", "secret\0", "secret\0a", "secret\0b", "\0", "\0secret"],
    ["correct", "\ufeffcorrect", "correct\ufeff", " correct", "correct ", "Correct"],
    ["é", "e", "É", "è", "e\u0301\u0300"],
  ];
  for (const [i, family] of families.entries()) {
    for (const [j, password] of family.entries()) {
      const email = `bob${i}.${j}@example.com`;
      await register(world, { email, password });
      // Hashing does not depend on the engine.
      for (const other of getCurrentEngine() === "sqlite" ? family : [password, family.at(j - 1) as string]) {
        assert.equal(await canLogIn(world, { email, password: other }), other === password, JSON.stringify(other));
      }
    }
  }
});

// id: minimum-length
test("PASSWORD_MIN_LENGTH counts characters, and shorter passwords are rejected", async () => {
  await using world = await createWorld({ PASSWORD_MIN_LENGTH: "8" });
  await assertRejected(world.request("/users", form({ ...bob, password: "🐧".repeat(7) })), 400, /8 characters/);
  assert.ok(await world.db.users.isEmpty());
  await register(world, { ...bob, password: "🐧".repeat(8) });
});

test("a NUL in an address is rejected, and the address is not truncated there", async () => {
  await using world = await createWorld();
  for (const init of [withJson({ ...bob, email: `${bob.email}\0` }), urlencoded(`email=${bob.email}%00&password=p`)]) {
    await assertRejected(world.request("/users", init), 400, /^email is not a valid address$/);
    await assertRejected(world.request("/sessions", init), 401);
  }
  assert.ok(await world.db.users.isEmpty());
});
