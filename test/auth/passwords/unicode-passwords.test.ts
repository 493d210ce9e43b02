import assert from "node:assert/strict";
import { pbkdf2Sync, scryptSync } from "node:crypto";
import { after, test as testOnce } from "node:test";
import { hashSync } from "bcrypt";
import fc from "fast-check";
import { normalizePassword, Passwords } from "../../../src/auth/passwords/passwords.ts";
import { AuthError } from "../../../src/errors.ts";
import { anyText } from "../../support/any-text.ts";
import { respondWithCounts, startBreachServer } from "../../support/breach-server.ts";
import { test } from "../../support/engines.ts";
import { findPasswordProblem } from "../../support/password-problem.ts";
import { createProductionWorld, deliverToken, verifyEmail } from "../../support/production.ts";
import { createWorld, form, type World } from "../../support/world.ts";

const email = "bob@example.com";

/** Pairs of forms of the same password, by their difference. Keyboards produce both, and they look the same. */
const equivalentPasswords: Readonly<Record<string, readonly string[]>> = {
  "é as one code point or two": ["caf\u00e9-caf\u00e9", "cafe\u0301-cafe\u0301", "caf\u00e9-cafe\u0301"],
  "Hangul as syllables or letters": [
    "\ud55c\uad6d\uc5b4-pass",
    "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165-pass",
  ],
  "two marks in either order": ["a\u0323\u0302-pass12", "a\u0302\u0323-pass12", "\u1ead-pass12", "\u00e2\u0323-pass12"],
  "the sign of ångström": ["\u00c5ngstr\u00f6m", "\u212bngstr\u00f6m", "A\u030angstro\u0308m"],
  "a letter that is never composed": ["\u0915\u093c-password", "\u0958-password"],
  "spaces of every width": [
    "one two three",
    "one\u00a0two\u00a0three",
    "one\u3000two\u3000three",
    "one\u2003two\u2003three",
    "one\u1680two\u202fthree",
    "one\u2000two\u205fthree",
  ],
  "both, at the ends too": [" caf\u00e9 cr\u00e8me ", "\u00a0cafe\u0301\u2003cre\u0300me\u3000"],
};

/**
 * Pairs of different passwords that look alike, or are equal by other rules (NFKC, letter case, width, invisible
 * characters).
 */
const differentPasswords: readonly (readonly [string, string])[] = [
  ["\ufb01sh-and-chips", "fish-and-chips"],
  ["\uff30\uff41\uff53\uff53\uff57\uff4f\uff52\uff44", "Password"],
  ["x\u00b2-password", "x2-password"],
  ["\u2460\u2461\u2462-password", "123-password"],
  ["stra\u00dfe-password", "strasse-password"],
  ["CAF\u00c9-password", "caf\u00e9-password"],
  ["cafe-password", "caf\u00e9-password"],
  ["a\u0301\u0300-password", "a\u0300\u0301-password"],
  ["zero\u200bwidth-pass", "zerowidth-pass"],
  ["bom\ufeff-password", "bom-password"],
  ["tab\there-pass", "tab here-pass"],
  ["line\nend-pass", "line end-pass"],
  ["line\u2028end-pass", "line end-pass"],
  ["two  spaces-pass", "two spaces-pass"],
  ["\u0440assword-1234", "password-1234"],
  ["nul\0-password", "nul-password"],
];

const passwords = new Passwords({ PASSWORD_HASH: "bcrypt", BCRYPT_COST: 4 });
after(() => passwords.close());

for (const [kind, forms] of Object.entries(equivalentPasswords)) {
  testOnce(`same password: ${kind}`, async () => {
    assert.equal(new Set(forms).size, forms.length);
    for (const chosen of forms) {
      const hash = await passwords.hashPassword(chosen);
      for (const typed of forms) assert.equal(await passwords.verifyPassword(typed, hash), true, JSON.stringify(typed));
      assert.equal(await passwords.verifyPassword(`${chosen}x`, hash), false);
    }
  });
}

testOnce("different passwords stay different, even if other rules make them equal", async () => {
  for (const [one, other] of differentPasswords) {
    for (const [chosen, typed] of [
      [one, other],
      [other, one],
    ] as const) {
      const hash = await passwords.hashPassword(chosen);
      assert.equal(await passwords.verifyPassword(typed, hash), false, JSON.stringify([chosen, typed]));
      assert.equal(await passwords.verifyPassword(chosen, hash), true);
    }
  }
});

// id: normalized-once
testOnce("spaces become U+0020, text becomes NFC, nothing else changes, and normalizing is idempotent", () => {
  const spaces = [
    ..."\u0020\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
  ];
  for (const space of spaces) assert.equal(normalizePassword(`a${space}b`), "a b");
  fc.assert(
    fc.property(anyText(), (text) => {
      const normalized = normalizePassword(text);
      assert.equal(normalizePassword(normalized), normalized);
      assert.equal(normalized, text.replace(/\p{Zs}/gu, " ").normalize("NFC"));
      for (const form of ["NFC", "NFD"]) assert.equal(normalizePassword(text.normalize(form)), normalized);
    }),
  );
  fc.assert(fc.property(fc.string({ unit: "binary-ascii" }), (text) => assert.equal(normalizePassword(text), text)));
});

testOnce(
  "a password with many consecutive combining marks, which would take long to sort, is kept as typed",
  async () => {
    const [pile, other] = ["\u0345\u0301\u0334\u0323".repeat(2000), "\u0301\u0345\u0334\u0323".repeat(2000)].map(
      (marks) => `a${marks}`,
    );
    assert.equal(normalizePassword(pile as string), pile);
    const hash = await passwords.hashPassword(pile as string);
    assert.equal(await passwords.verifyPassword(pile as string, hash), true);
    assert.equal(await passwords.verifyPassword(other as string, hash), false);
    const word = `a${"\u0323\u0301".repeat(15)}`;
    assert.equal(normalizePassword(word), word.normalize("NFC"));
  },
);

testOnce("the length limit of bcrypt applies to the normalized form", async () => {
  const composed = "\u00e9".repeat(36);
  assert.equal(Buffer.byteLength(composed), 72);
  const decomposed = composed.normalize("NFD");
  assert.equal(Buffer.byteLength(decomposed), 108);
  const hash = await passwords.hashPassword(decomposed);
  assert.match(hash, /^\$2b\$/);
  for (const typed of [composed, decomposed]) assert.equal(await passwords.verifyPassword(typed, hash), true);
  assert.equal(passwords.isOutdated(hash, decomposed), false);
  const spaces = "\u3000".repeat(72);
  assert.match(await passwords.hashPassword(spaces), /^\$2b\$/);
  // U+0958 takes three bytes as typed, and six in NFC.
  assert.match(await passwords.hashPassword("\u0958".repeat(13)), /^\$argon2id\$/);
  const older = hashSync("\u0958".repeat(13), 4);
  assert.equal(await passwords.verifyPassword("\u0958".repeat(13), older), true);
  assert.equal(await passwords.verifyPassword("\u0958".repeat(12), older), false);
});

testOnce("the policy checks the normalized form: its length, common words, the address, breaches", async () => {
  const least = { PASSWORD_MIN_LENGTH: "8" };
  assert.equal(await findPasswordProblem("e\u0301".repeat(7), least, email), "password_too_short");
  assert.equal(await findPasswordProblem("e\u0301".repeat(8), least, email), null);
  assert.equal(await findPasswordProblem("\u1112\u1161\u11ab".repeat(4), least, email), "password_too_short");
  assert.equal(await findPasswordProblem("\u0958".repeat(4), least, email), null, "each is two code points in NFC");
  const blocklist = { PASSWORD_BLOCKLIST: "on" };
  assert.equal(await findPasswordProblem("bob\u00a0\u00a02024", blocklist, email), "password_personal");
  await using server = await startBreachServer(respondWithCounts({ "caf\u00e9 cr\u00e8me": 1 }));
  for (const typed of ["caf\u00e9 cr\u00e8me", "cafe\u0301\u00a0cre\u0300me"])
    assert.equal(await findPasswordProblem(typed, { PASSWORD_BREACH_CHECK: server.url }, email), "password_breached");
});

const composed = "cr\u00e8me-br\u00fbl\u00e9e 9";
const decomposed = composed.normalize("NFD").replace(" ", "\u00a0");

async function logIn(world: World, password: string): Promise<number> {
  return (await world.request("/sessions", form({ email, password }))).status;
}

test("a password chosen on one machine works on another to log in, confirm, change, reset and delete", async () => {
  for (const [chosen, typed] of [
    [composed, decomposed],
    [decomposed, composed],
  ] as const) {
    await using world = await createWorld();
    assert.equal((await world.request("/users", form({ email, password: chosen }))).status, 200);
    for (const password of [chosen, typed]) assert.equal(await logIn(world, password), 200);
    assert.equal(await world.auth.validLogin(email, typed), true);
    const login = await world.request("/sessions", form({ email, password: typed }));
    const headers = { Cookie: login.headers.get("Set-Cookie")?.split(";")[0] ?? "" };
    const next = form({ password: typed, new_password: chosen }, { method: "PUT", headers });
    const changed = await world.request("/profile/password", next);
    assert.equal(changed.status, 200);
    headers.Cookie = changed.headers.get("Set-Cookie")?.split(";")[0] ?? "";
    const confirmed = await world.request("/sessions/confirm", form({ password: typed }, { headers }));
    assert.equal(confirmed.status, 200);
    headers.Cookie = confirmed.headers.get("Set-Cookie")?.split(";")[0] ?? "";
    const token = await world.auth.getResetPasswordToken(email);
    await world.auth.updatePassword(token, chosen);
    const { session } = await world.auth.logIn({ email, password: typed });
    await world.auth.account.deleteAccount(session.sessionId, typed);
    assert.equal(await logIn(world, typed), 401);
  }
});

test("a registration is confirmed by the same password in another form", async () => {
  for (const [chosen, typed] of [
    [composed, decomposed],
    [decomposed, composed],
  ] as const) {
    await using world = await createProductionWorld();
    assert.equal((await world.request("/users", form({ email, password: chosen }))).status, 200);
    const token = await deliverToken(world);
    assert.equal((await verifyEmail(world, { email, token, password: `${typed}x` })).status, 403);
    assert.equal((await verifyEmail(world, { email, token, password: typed })).status, 200);
    assert.equal(await logIn(world, typed), 200);
  }
});

test("an older hash of the password as typed stays valid, and is replaced at the first login", async () => {
  for (const make of [
    (text: string) => hashSync(text, 4),
    (text: string) => hashSync(text, 4).replace("$2b$", "$2y$"),
  ]) {
    await using world = await createWorld();
    const older = make(decomposed);
    await world.db.addUser(email, older);
    const stored = async () => (await world.db.findUserBy({ email })).hashedPassword;
    assert.equal(await logIn(world, composed), 401, "its original text is unknown");
    assert.equal(await world.auth.validLogin(email, decomposed), true);
    assert.equal(await stored(), older);
    assert.equal(await logIn(world, decomposed), 200);
    const replaced = await stored();
    assert.notEqual(replaced, older);
    for (const typed of [composed, decomposed]) assert.equal(await logIn(world, typed), 200);
    assert.equal(await stored(), replaced);
  }
});

testOnce("an imported hash matches the original text of its password, and the normalized form", async () => {
  const django = (text: string) =>
    `pbkdf2_sha256$1000$salt$${pbkdf2Sync(text, "salt", 1000, 32, "sha256").toString("base64")}`;
  const betterAuth = (text: string) => {
    const salt = "0123456789abcdef0123456789abcdef";
    const cost = { N: 16_384, r: 16, p: 1, maxmem: 64 * 2 ** 20 };
    return `${salt}:${scryptSync(text.normalize("NFKC"), salt, 64, cost).toString("hex")}`;
  };
  // NFKC keeps U+1680, which Bienvenue replaces by a space.
  const ogham = "one\u1680two";
  for (const [hash, typed, isRight] of [
    [django(decomposed), decomposed, true],
    [django(composed), decomposed, true],
    [django(composed), composed, true],
    [django(decomposed), composed, false],
    [betterAuth(decomposed), composed, true],
    [betterAuth(composed), decomposed, true],
    [betterAuth(ogham), ogham, true],
    [betterAuth(ogham), "one two", false],
    [betterAuth("one two"), ogham, true],
  ] as const) {
    assert.equal(await passwords.verifyPassword(typed, hash), isRight, JSON.stringify([hash, typed]));
  }
});

test("an older hash is accepted wherever a password is required", async () => {
  await using world = await createWorld();
  const { id } = await world.db.addUser(email, hashSync(decomposed, 4));
  const session = async () => (await world.auth.createSession(email)) ?? "";
  await world.auth.account.confirmPassword(await session(), decomposed);
  await world.auth.account.changePassword(await session(), { currentPassword: decomposed, newPassword: "another" });
  await world.db.updateUser(id, { hashedPassword: hashSync(decomposed, 4) });
  await assert.rejects(world.auth.account.deleteAccount(await session(), composed), AuthError);
  await world.auth.account.deleteAccount(await session(), decomposed);
  await using production = await createProductionWorld();
  await production.db.registrations.add(email, hashSync(decomposed, 4), { kind: "registration", language: "en" });
  const token = await deliverToken(production);
  await production.auth.verifyEmail.confirm({ token, password: decomposed });
  assert.equal(await logIn(production, decomposed), 200);
  assert.equal(await logIn(production, composed), 200);
});

test("a second hash is computed only if the typed text differs, with and without an account", async () => {
  await using world = await createProductionWorld({ RATE_LIMIT: "off" });
  const { auth, db, metrics } = world;
  const hashes = async (work: () => Promise<unknown>) => {
    const count = () => metrics.hashWaits.counts.reduce((sum, each) => sum + each, 0);
    const before = count();
    await work().catch((error: unknown) => assert.ok(error instanceof AuthError, String(error)));
    return count() - before;
  };
  const verified = { emailVerifiedAt: 1 };
  const open = await auth.registerUser("open@example.com", composed);
  await db.updateUser(open.id, verified);
  const disabled = await auth.registerUser("disabled@example.com", composed);
  await db.updateUser(disabled.id, { ...verified, disabledAt: 1 });
  await auth.registerUser("unconfirmed@example.com", composed);
  await auth.account.register("registered@example.com", composed);
  for (const name of ["disabled", "unconfirmed", "registered", "unknown"]) {
    for (const [typed, times] of [
      [composed, 1],
      [`${composed}x`, 1],
      [decomposed, 2],
      [`${decomposed}x`, 2],
      ["ascii-password", 1],
    ] as const) {
      const login = { email: `${name}@example.com`, password: typed };
      assert.equal(await hashes(() => auth.logIn(login)), times, `${name} ${JSON.stringify(typed)}`);
    }
  }
  const login = (password: string) => hashes(() => auth.logIn({ email: "open@example.com", password }));
  assert.equal(await login(composed), 1);
  assert.equal(await login(decomposed), 2);
  for (const typed of [composed, decomposed]) {
    const register = (name: string) => hashes(() => auth.account.register(`${name}@example.com`, typed));
    assert.equal(await register("open"), 1);
    assert.equal(await register("nobody"), 1);
  }
});

test("verifying a password in two forms counts as one attempt", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_LOGIN_ACCOUNT: "3/15m" });
  await world.auth.registerUser(email, composed);
  for (let i = 0; i < 5; i++) assert.equal(await logIn(world, decomposed), 200);
  for (let i = 0; i < 3; i++) assert.equal(await logIn(world, `${decomposed}x`), 401);
  assert.equal(await logIn(world, decomposed), 429);
});
