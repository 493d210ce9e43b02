import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, test } from "node:test";
import { Passwords } from "../../../src/auth/passwords/passwords.ts";

const bcrypt = new Passwords({ PASSWORD_HASH: "bcrypt", BCRYPT_COST: 4 });
const stronger = new Passwords({ PASSWORD_HASH: "bcrypt", BCRYPT_COST: 5 });
const argon2id = new Passwords({ PASSWORD_HASH: "argon2id", BCRYPT_COST: 4 });
after(() => Promise.all([bcrypt.close(), stronger.close(), argon2id.close()]));

const long = "é".repeat(37);

// id: salted-bcrypt
test("a password is stored as a salted bcrypt hash with the configured cost", async () => {
  const hash = await bcrypt.hashPassword("b4l0u");
  assert.match(hash, /^\$2b\$04\$[./A-Za-z0-9]{53}$/);
  assert.notEqual(await bcrypt.hashPassword("b4l0u"), hash);
  assert.equal(await bcrypt.verifyPassword("b4l0u", hash), true);
  assert.equal(await bcrypt.verifyPassword("B4l0u", hash), false);
});

// id: bcrypt-or-argon2id
test("a password over 72 bytes or with a NUL is hashed by argon2id, any other by bcrypt", async () => {
  assert.match(await bcrypt.hashPassword("a".repeat(72)), /^\$2b\$/);
  assert.match(await bcrypt.hashPassword("a".repeat(73)), /^\$argon2id\$/);
  assert.equal(Buffer.byteLength(long), 74);
  for (const password of [long, "a\0b", "\0"]) assert.match(await bcrypt.hashPassword(password), /^\$argon2id\$/);
});

// id: never-cut-off
test("no password is truncated, neither after 72 bytes nor at a NUL", async () => {
  for (const [password, other] of [
    [`${"a".repeat(72)}b`, `${"a".repeat(72)}c`],
    ["a\0b", "a\0c"],
    [long, `${long}!`],
  ] as const) {
    const hash = await bcrypt.hashPassword(password);
    assert.equal(await bcrypt.verifyPassword(password, hash), true);
    assert.equal(await bcrypt.verifyPassword(other, hash), false);
    assert.equal(await bcrypt.verifyPassword(other.slice(0, 72), hash), false);
  }
  const start = await bcrypt.hashPassword("a".repeat(72));
  assert.equal(await bcrypt.verifyPassword(`${"a".repeat(72)}b`, start), false);
  assert.equal(await bcrypt.verifyPassword("a\0b", await bcrypt.hashPassword("a")), false);
});

// id: other-scheme-verifies
test("a hash of one scheme is still verified if the other scheme is configured, and is outdated", async () => {
  const old = await bcrypt.hashPassword("b4l0u");
  assert.equal(await argon2id.verifyPassword("b4l0u", old), true);
  assert.equal(argon2id.isOutdated(old, "b4l0u"), true);
  const chosen = await argon2id.hashPassword("b4l0u");
  assert.match(chosen, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.equal(argon2id.isOutdated(chosen, "b4l0u"), false);
  assert.equal(await bcrypt.verifyPassword("b4l0u", chosen), true);
  assert.equal(bcrypt.isOutdated(chosen, "b4l0u"), true);
});

test("a weaker hash is outdated, and a stronger one is not", async () => {
  assert.equal(stronger.isOutdated(await bcrypt.hashPassword("b4l0u"), "b4l0u"), true);
  assert.equal(bcrypt.isOutdated(await stronger.hashPassword("b4l0u"), "b4l0u"), false);
  assert.equal(bcrypt.isOutdated(await bcrypt.hashPassword(long), long), false);
});

test("no password matches a missing hash, or one that cannot be verified", async () => {
  for (const hash of [
    null,
    "",
    "b4l0u",
    `$2b$31$${"a".repeat(53)}`,
    "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$dGFndGFndGFndGFndGFndA",
  ]) {
    for (const password of ["b4l0u", long]) assert.equal(await bcrypt.verifyPassword(password, hash), false);
  }
});

test("hash threads have a lower priority than the thread that serves requests", {
  skip: process.platform !== "linux" && "reads /proc",
}, () => {
  const nice = readdirSync("/proc/self/task").map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
  });
  const main = Math.min(...nice);
  assert.ok(
    nice.some((value) => value >= main + 10),
    `priorities: ${nice}`,
  );
});

test("closing waits for threads that load or compute: ending them would crash the process", async () => {
  for (let i = 0; i < 20; i++) {
    const passwords = new Passwords({ PASSWORD_HASH: "bcrypt", BCRYPT_COST: 4 + (i % 6) });
    const hashes = Promise.allSettled(Array.from({ length: 1 + (i % 4) }, () => passwords.hashPassword("b4l0u")));
    await passwords.close();
    for (const hash of await hashes) {
      if (hash.status === "fulfilled") assert.match(hash.value, /^\$2b\$/);
      else assert.match(String(hash.reason), /try again/);
    }
  }
});
