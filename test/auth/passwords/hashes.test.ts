import assert from "node:assert/strict";
import { test } from "node:test";
import { formatArgon2id, parseHash } from "../../../src/auth/passwords/hashes.ts";

const argon2 = (cost: string) =>
  `$argon2id$v=19$${cost}$c2FsdHNhbHRzYWx0c2FsdA$dGFndGFndGFndGFndGFndGFndGFndGFndGFndGFndGE`;

test("a formatted argon2id hash is parsed unchanged", () => {
  const cost = { memory: 19_456, passes: 2, parallelism: 1 };
  const text = formatArgon2id(cost, Buffer.from("saltsaltsaltsalt"), Buffer.alloc(32, 7));
  assert.match(text, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$=]+\$[^$=]+$/);
  const hash = parseHash(text);
  assert.deepEqual(hash, { scheme: "argon2id", cost, salt: Buffer.from("saltsaltsaltsalt"), tag: Buffer.alloc(32, 7) });
});

// id: costly-hash-refused
test("a hash that would take minutes or all memory to verify is rejected", () => {
  const bcrypt = (cost: string) => `$2b$${cost}$${"a".repeat(53)}`;
  assert.ok(parseHash(bcrypt("16")));
  for (const cost of ["03", "17", "31", "99"]) assert.equal(parseHash(bcrypt(cost)), null, cost);
  assert.ok(parseHash(argon2("m=19456,t=2,p=1")));
  const excessive = [
    "m=4194304,t=1,p=1",
    "m=19456,t=999,p=1",
    "m=262144,t=16,p=1",
    "m=19456,t=2,p=99",
    "m=19456,t=0,p=1",
    "m=4,t=1,p=1",
    "m=19456,t=1,p=0",
  ];
  for (const cost of excessive) assert.equal(parseHash(argon2(cost)), null, cost);
});

test("an unknown format is rejected", () => {
  for (const text of [
    "",
    "b4l0u",
    "$2b$12$short",
    "$2x$12$".padEnd(60, "a"),
    "$argon2id$v=16$m=19456,t=2,p=1$YWFhYWFhYWE$YWFh",
  ]) {
    assert.equal(parseHash(text), null, text);
  }
});
