import assert from "node:assert/strict";
import { EmailTaken, NoResultFound } from "../../src/errors.ts";
import { emailKey } from "../../src/values/email.ts";
import { retryWhileUnavailable } from "../support/databases.ts";
import { createStore } from "../support/engine-store.ts";
import { test } from "../support/engines.ts";

const spelling = "Guillaume@Holberton.io";
const key = "guillaume@holberton.io";
const others = [key, "GUILLAUME@HOLBERTON.IO", ` ${spelling}\t`, "\r\nguillaume@Holberton.IO "];

test("a user's address is kept as given, and every spelling of the address finds the user", async () => {
  await using store = await createStore();
  const { db } = store;
  const added = await db.addUser(spelling, "hash");
  assert.equal(added.email, spelling);
  await db.sessions.open({ userId: added.id, sessionId: "session" });
  for (const email of [spelling, ...others]) {
    assert.deepEqual(await db.findUserBy({ email }), added, email);
    assert.deepEqual(await db.users.findByEmail(email), added, email);
    await assert.rejects(db.addUser(email, "other"), EmailTaken, email);
  }
  assert.equal((await db.sessions.findUser("session"))?.email, spelling);
  assert.deepEqual(
    (await db.users.list({ limit: 10, search: "@HOLB" })).map(({ email }) => email),
    [spelling],
  );
  for (const email of ["guillaume@holberton.i", "uillaume@holberton.io", "", " "]) {
    await assert.rejects(db.findUserBy({ email }), NoResultFound, email);
    assert.equal(await db.users.findByEmail(email), null, email);
  }
  const [row] = await store.readRows("users");
  assert.deepEqual([row?.email, row?.email_spelling], [key, spelling]);
});

test("an address that equals its key is stored once", async () => {
  await using store = await createStore();
  await store.db.addUser(key, "hash");
  assert.deepEqual((await store.readRows("users"))[0]?.email_spelling, null);
});

test("any string is stored as given; matching ignores only ASCII letter case and surrounding spaces", async () => {
  await using store = await createStore();
  const { db } = store;
  const texts = [
    "Straße@X",
    "STRASSE@x",
    "MİKE@x",
    "mike@X",
    "\u212aate@x",
    "kate@X",
    "É@x",
    "é@X",
    " a B ",
    "x\u00a0",
    "X",
  ];
  for (const text of texts) assert.equal((await db.addUser(text, "hash")).email, text);
  for (const [i, text] of texts.entries()) assert.equal((await db.findUserBy({ email: text })).id, i + 1, text);
  assert.deepEqual(
    (await db.users.list({ limit: 20 })).map(({ email }) => email),
    texts,
  );
});

test("simultaneous attempts to add spellings of one address add exactly one user", async () => {
  await using store = await createStore();
  const dbs = [store.db, await store.open()];
  const spellings = [spelling, ...others];
  const attempts = Array.from({ length: 50 }, (_, i) =>
    retryWhileUnavailable(async () => dbs[i % 2]?.addUser(spellings[i % 5] as string, `hash ${i}`)),
  );
  const results = await Promise.allSettled(attempts);
  const added = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  assert.deepEqual(added, [await store.db.findUserBy({ email: key })]);
  for (const result of results) assert.ok(result.status === "fulfilled" || result.reason instanceof EmailTaken);
});

test("a change of the address changes its spelling, or only its spelling", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id } = await db.addUser(spelling, "hash");
  await db.addUser("Alice@example.com", "hash");
  for (const email of ["Bob@Example.com", "BOB@example.com", "bob@example.com", spelling]) {
    await db.updateUser(id, { email });
    assert.equal((await db.findUserBy({ id })).email, email);
    assert.equal((await db.findUserBy({ email: email.toUpperCase() })).id, id);
  }
  await assert.rejects(db.updateUser(id, { email: "ALICE@example.com" }), EmailTaken);
  assert.equal((await db.findUserBy({ id })).email, spelling);
});

test("after an older node has changed the address, its old spelling is ignored", async () => {
  await using store = await createStore();
  const { db } = store;
  await store.run(
    "insert into users (email, hashed_password, created_at, updated_at) values ('old@example.com', 'hash', 1, 1)",
  );
  assert.equal((await db.findUserBy({ email: "Old@Example.com" })).email, "old@example.com");
  const { id } = await db.addUser(spelling, "hash");
  await db.sessions.open({ userId: id, sessionId: "session" });
  await store.run(`update users set email = 'moved@example.com' where id = ${id}`);
  const found = [
    await db.findUserBy({ id }),
    await db.users.findByEmail("Moved@example.com"),
    await db.sessions.findUser("session"),
    (await db.users.list({ limit: 10 }))[1],
  ];
  for (const user of found) assert.equal(user?.email, "moved@example.com");
  assert.equal(await db.users.findByEmail(spelling), null);
  await store.run(`update users set email = '${key}' where id = ${id}`);
  assert.equal((await db.findUserBy({ id })).email, spelling);
});

test("each registration of an address keeps its spelling, and the account gets the spelling of the confirmed registration", async () => {
  await using store = await createStore();
  const { db } = store;
  const notice = { kind: "registration", language: "en" } as const;
  for (const email of ["BOB@example.com", "Bob@Example.com", "bob@example.COM"]) {
    await db.registrations.add(email, `hash of ${email}`, notice);
  }
  assert.equal((await db.registrations.findNewest("bob@example.com"))?.email, "bob@example.COM");
  const verification = await db.verifyEmail.storeToken(2, "token");
  assert.equal(verification?.email, "Bob@Example.com");
  const found = await db.verifyEmail.findVerification("token");
  assert.deepEqual(found, verification);
  assert.equal((await db.registrations.confirm(verification ?? assert.fail(), "token"))?.email, "Bob@Example.com");
  assert.deepEqual(await store.readRows("verifications"), []);
});

test("a confirmed registration gives its spelling to an unverified account", async () => {
  await using store = await createStore();
  const { db } = store;
  for (const [before, after] of [
    ["BOB@example.com", "Bob@Example.com"],
    ["Eve@example.com", "eve@example.com"],
  ] as const) {
    const { id } = await db.addUser(before, "hash");
    await db.registrations.add(after, "hash", { kind: "registration", language: "en" });
    const registration = await db.registrations.findNewest(before);
    const verification = await db.verifyEmail.storeToken(registration?.id ?? 0, `token ${id}`);
    const confirmed = await db.registrations.confirm(verification ?? assert.fail(), `token ${id}`);
    assert.deepEqual([confirmed?.id, confirmed?.email], [id, after]);
    assert.equal((await db.findUserBy({ id })).email, after);
  }
});

test("an email change stores the requested spelling", async () => {
  await using store = await createStore();
  const { db } = store;
  const user = await db.addUser(spelling, "hash");
  await db.changeEmail.request(user, "Bob@New.example", "en");
  assert.equal(await db.changeEmail.findNewEmail(user.id), "Bob@New.example");
  const verification = await db.verifyEmail.storeToken(1, "token");
  const confirmation = { token: "token", verifiedHash: "hash", deviceKind: null, redeemer: {}, language: "en" };
  assert.deepEqual(await db.changeEmail.confirm(verification ?? assert.fail(), confirmation), { nonce: null });
  assert.equal((await db.findUserBy({ id: user.id })).email, "Bob@New.example");
});

test("a reset token is stored and redeemed by any spelling of the address, and finds the account's spelling", async () => {
  await using store = await createStore();
  const { db } = store;
  const user = await db.addUser(spelling, "hash");
  assert.equal(await db.resetPassword.storeToken(key.toUpperCase(), "token"), spelling);
  assert.equal(await db.resetPassword.findEmail("token"), spelling);
  const redemption = { hashedPassword: "new", isMailed: true };
  assert.equal(await db.resetPassword.redeem({ ...redemption, resetToken: "token", email: "other@example.com" }), null);
  const redeemed = await db.resetPassword.redeem({ ...redemption, resetToken: "token", email: ` ${key}` });
  assert.deepEqual([redeemed?.id, redeemed?.email], [user.id, spelling]);
  assert.equal((await db.outbox.list(1))[0]?.email, spelling);

  for (const email of ["BOB@example.com", "Bob@example.com"]) {
    await db.registrations.add(email, "hash", { kind: "registration", language: "en" });
  }
  assert.equal(await db.resetPassword.storeToken("bob@example.com", "registration's"), "Bob@example.com");
  assert.equal(await db.resetPassword.findEmail("registration's"), "Bob@example.com");
  const created = await db.resetPassword.redeem({
    ...redemption,
    resetToken: "registration's",
    email: "BOB@EXAMPLE.com",
  });
  assert.equal(created?.email, "Bob@example.com");
});

test("emails are queued by one spelling, found by every other, and deleted with the account", async () => {
  await using store = await createStore();
  const { db } = store;
  const user = await db.addUser(spelling, "hash");
  await db.outbox.add({ kind: "password_changed", language: "en", email: spelling });
  await db.outbox.add({ kind: "reset", language: "en", email: key });
  await db.registrations.add(key.toUpperCase(), "hash", { kind: "registration", language: "en" });
  assert.deepEqual(
    (await db.outbox.list(10)).map(({ email }) => email),
    [spelling, key, null],
  );
  for (const email of [spelling, ...others])
    assert.equal((await db.outbox.listForUser({ id: user.id, email })).length, 3);
  assert.deepEqual(
    (await store.readRows("outbox")).map(({ email }) => email),
    [key, key, null],
  );
  await db.users.deleteAccount({ id: user.id, email: others[1] as string }, []);
  for (const table of ["users", "verifications", "outbox"]) assert.deepEqual(await store.readRows(table), [], table);
});

test("an audit event is attributed to the account with the event's address, in any spelling", async () => {
  await using store = await createStore();
  const { db } = store;
  const { id } = await db.addUser(spelling, "hash");
  const entry = { at: 1, event: "reset_asked", userId: null, ip: null, userAgent: null, detail: null };
  await db.audit.add([...others, "nobody@example.com"].map((email) => ({ ...entry, email })));
  assert.deepEqual(
    (await db.audit.list({ limit: 10 })).map(({ userId }) => userId),
    [id, id, id, id, null],
  );
});

test("imported accounts keep their spelling, and are distinguished by the key", async () => {
  await using store = await createStore();
  const { db } = store;
  const account = (email: string) => ({
    email,
    hashedPassword: "hash",
    emailVerifiedAt: null,
    disabledAt: null,
    createdAt: 1,
  });
  await db.addUser("Bob@example.com", "hash");
  assert.deepEqual(await db.import.findTakenEmails(["BOB@example.com", spelling]), new Set(["BOB@example.com"]));
  assert.deepEqual(await db.import.add([account("BOB@example.com"), account(spelling)]), new Set(["BOB@example.com"]));
  assert.deepEqual(
    (await db.users.list({ limit: 10 })).map(({ email }) => email),
    ["Bob@example.com", spelling],
  );
  await using empty = await createStore();
  const adopted = { id: 7, hashedPassword: "hash", emailVerifiedAt: null, sessionId: null, resetToken: null };
  await empty.db.import.adopt([{ ...adopted, email: spelling }]);
  assert.equal((await empty.db.findUserBy({ email: key })).email, spelling);
  await using copy = await createStore();
  await store.db.copyTo(copy.db);
  assert.deepEqual(await copy.readRows("users"), await store.readRows("users"));
});

test("a key is trimmed and lowercased in ASCII only, and the key of a key is itself", () => {
  for (const [text, expected] of [
    ["  A@B\t\r\n", "a@b"],
    ["\v\f x Y \v\f", "x y"],
    ["\u00a0A\u00a0", "\u00a0a\u00a0"],
    ["İI\u212aK", "İi\u212ak"],
    ["", ""],
    [" \t ", ""],
  ] as const) {
    assert.equal(emailKey(text), expected);
    assert.equal(emailKey(expected), expected);
  }
});
