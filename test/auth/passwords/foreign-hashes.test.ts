import assert from "node:assert/strict";
import { after, test as testOnce } from "node:test";
import fc from "fast-check";
import { parseHash, readHash } from "../../../src/auth/passwords/hashes.ts";
import { Passwords } from "../../../src/auth/passwords/passwords.ts";
import { test } from "../../support/engines.ts";
import { foreignHashes, foreignPassword } from "../../support/foreign-hashes.ts";
import { createWorld, form } from "../../support/world.ts";

const passwords = new Passwords({ PASSWORD_HASH: "bcrypt", BCRYPT_COST: 4 });
after(() => passwords.close());

for (const [name, hash] of Object.entries(foreignHashes)) {
  testOnce(`${name}: the password matches, and no other does`, async () => {
    assert.equal(await passwords.verifyPassword(foreignPassword, hash), true);
    for (const other of [
      "pate a choux",
      `${foreignPassword} `,
      `${foreignPassword}\0`,
      foreignPassword.toUpperCase(),
      "\0",
    ])
      assert.equal(await passwords.verifyPassword(other, hash), false, JSON.stringify(other));
    const changed = hash.replace(/.(.{5})$/, (last, end) => `${last[0] === "a" ? "b" : "a"}${end}`);
    assert.equal(await passwords.verifyPassword(foreignPassword, changed), false);
  });
}

test("the first login with each hash succeeds, and replaces it with a current bcrypt hash", async () => {
  await using world = await createWorld();
  for (const [i, hash] of Object.values(foreignHashes).entries()) {
    const email = `p${i}@example.com`;
    const stored = async () => (await world.db.findUserBy({ email })).hashedPassword;
    const logIn = async (password: string) => (await world.request("/sessions", form({ email, password }))).status;
    await world.db.addUser(email, hash);
    assert.equal(await logIn("wrong"), 401);
    assert.equal(await stored(), hash);
    assert.equal(await logIn(foreignPassword), 200, hash);
    assert.match(await stored(), /^\$2b\$04\$/);
    assert.equal(await logIn(foreignPassword), 200);
  }
});

testOnce("a Django argon2 hash is verified with the default cost of Django", async () => {
  const hash =
    "argon2$argon2id$v=19$m=102400,t=2,p=8$cEJnemNQRFJMRDY5SzZidnBUTGNTbw$FczKMn2m74ypPfQQ9piWorJAKn6EZTLM7iR8jdZ+2MQ";
  assert.equal(await passwords.verifyPassword(foreignPassword, hash), true);
});

testOnce("a better-auth hash matches every Unicode form of the password", async () => {
  const hash =
    "1c50892c354da5b23ec3b5007649bc6e:64541d3fe202b78c79f8d5e299f81a2ba2406100be68a215ca35bb46aa3a504e1c056f2fd6aa20f90b67265ac14c4fd457232232eab2ba1a0c8460bf0524792c";
  for (const form of ["NFC", "NFD", "NFKC", "NFKD"])
    assert.equal(await passwords.verifyPassword("ﬁn de\u0065\u0301t\u00e9".normalize(form), hash), true, form);
});

testOnce("an imported bcrypt hash matches no password that bcrypt would truncate", async () => {
  const long = "a".repeat(73);
  const { hashSync } = await import("bcrypt");
  assert.equal(await passwords.verifyPassword(long, hashSync(long, 4).replace("$2b$", "$2y$")), false);
});

testOnce("a short password matches argon2id hashes of every cost in OWASP's list", async () => {
  const { argon2Sync } = await import("node:crypto");
  const nonce = Buffer.from("saltysalt0123456");
  for (const [memory, passes] of [
    [19_456, 2],
    [12_288, 3],
    [9216, 4],
    [7168, 5],
  ] as const) {
    const tag = argon2Sync("argon2id", {
      message: foreignPassword,
      nonce,
      tagLength: 32,
      memory,
      passes,
      parallelism: 1,
    });
    const text = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
    const hash = `$argon2id$v=19$m=${memory},t=${passes},p=1$${text(nonce)}$${text(tag)}`;
    assert.equal(await passwords.verifyPassword(foreignPassword, hash), true, hash);
  }
});

testOnce("a stronger bcrypt hash of another version is kept, and a hash of the current cost is replaced", () => {
  const hash = (start: string) => `${start}${"a".repeat(53)}`;
  assert.equal(passwords.isOutdated(hash("$2y$05$"), "b4l0u"), false);
  for (const start of ["$2a$04$", "$2y$04$"]) assert.equal(passwords.isOutdated(hash(start), "b4l0u"), true);
  assert.equal(passwords.isOutdated(hash("$2b$04$"), "b4l0u"), false);
});

const salt = "c2FsdHlzYWx0MDEyMzQ1Ng";
const tag = "a".repeat(43);

testOnce("a hash with an impossible or excessive cost is out of bounds", () => {
  const within = [
    `$scrypt$ln=17,r=8,p=1$${salt}$${tag}`,
    `$scrypt$ln=18,r=8,p=4$${salt}$${tag}`,
    `pbkdf2_sha256$10000000$seasalt$${tag}=`,
    `$pbkdf2-sha256$i=5000000$${salt}$${"a".repeat(86)}`,
    `$argon2i$v=19$m=262144,t=4,p=4$${salt}$${tag}`,
  ];
  const beyond = [
    `$2y$17$${"a".repeat(53)}`,
    `$2y$03$${"a".repeat(53)}`,
    `$scrypt$ln=19,r=8,p=1$${salt}$${tag}`,
    `$scrypt$ln=18,r=8,p=5$${salt}$${tag}`,
    `$scrypt$ln=4,r=8,p=17$${salt}$${tag}`,
    `$scrypt$ln=0,r=8,p=1$${salt}$${tag}`,
    `$scrypt$ln=16,r=1,p=1$${salt}$${tag}`,
    `$scrypt$ln=4,r=0,p=1$${salt}$${tag}`,
    `$scrypt$ln=4,r=8,p=0$${salt}$${tag}`,
    `pbkdf2_sha256$10000001$seasalt$${tag}=`,
    `pbkdf2_sha1$10000001$seasalt$${"a".repeat(27)}=`,
    `pbkdf2_sha256$0$seasalt$${tag}=`,
    `$pbkdf2-sha256$i=5000001$${salt}$${"a".repeat(86)}`,
    `$argon2i$v=19$m=262144,t=5,p=4$${salt}$${tag}`,
  ];
  for (const hash of within) assert.equal(typeof readHash(hash), "object", hash);
  for (const hash of beyond) assert.equal(readHash(hash), "out of bounds", hash);
});

testOnce("an empty, short or unknown hash is rejected, above all a tag that would match every password", () => {
  for (const hash of [
    "",
    "b'$2b$04$13dHq7.bVX8HTDBmEMHSU.5AfYqXaAGBds1tH/I9q3knSDyMQqc2q'",
    "$2x$04$13dHq7.bVX8HTDBmEMHSU.5AfYqXaAGBds1tH/I9q3knSDyMQqc2q",
    `$scrypt$ln=4,r=8,p=1$${salt}$`,
    `$scrypt$ln=4,r=8,p=1$${salt}$aaaa`,
    "pbkdf2_sha256$1000$seasalt$",
    "pbkdf2_sha256$1000$seasalt$aaaa",
    `pbkdf2_md5$1000$seasalt$${tag}=`,
    `$pbkdf2-sha256$i=1000$${salt}$aaaa`,
    `${"a".repeat(32)}:`,
    `${"a".repeat(32)}:aaaa`,
    `:${"a".repeat(128)}`,
    `pbkdf2_sha256$1000$seasalt$${tag}=\n`,
    `!${"a".repeat(40)}`,
  ]) {
    assert.equal(readHash(hash), "unknown", hash);
    assert.equal(parseHash(hash), null);
  }
});

testOnce("every accepted hash fits its column and can be computed", async () => {
  const text = (least: number, most: number) =>
    fc.string({ unit: fc.constantFrom(..."abcXYZ019/+"), minLength: least, maxLength: most });
  const number = (most: number) => fc.integer({ min: 0, max: most });
  const hashes = fc.oneof(
    fc
      .tuple(number(8), number(20), number(18), text(1, 90), text(20, 90))
      .map(([ln, r, p, salt, tag]) => `$scrypt$ln=${ln},r=${r},p=${p}$${salt}$${tag}`),
    fc
      .tuple(fc.constantFrom("i", "id"), number(300), number(3), number(18), text(9, 90), text(20, 90))
      .map(([kind, m, t, p, salt, tag]) => `$argon2${kind}$v=19$m=${m},t=${t},p=${p}$${salt}$${tag}`),
    fc
      .tuple(fc.constantFrom("256", "512"), number(30), text(1, 90), text(20, 90))
      .map(([digest, i, salt, tag]) => `$pbkdf2-sha${digest}$i=${i}$${salt}$${tag}`),
    fc
      .tuple(fc.constantFrom("1", "256"), number(30), text(0, 130), text(26, 44))
      .map(([digest, i, salt, tag]) => `pbkdf2_sha${digest}$${i}$${salt}$${tag}=`),
  );
  let read = 0;
  await fc.assert(
    fc.asyncProperty(hashes, fc.string(), async (hash, guess) => {
      if (parseHash(hash) === null) return;
      read++;
      assert.ok(hash.length <= 250);
      assert.equal(await passwords.verifyPassword(guess, hash), false);
    }),
    { numRuns: 400 },
  );
  assert.ok(read > 50, `${read} were read`);
});
