import assert from "node:assert/strict";
import { after, test } from "node:test";
import bcrypt from "bcrypt";
import { compute } from "../../../src/auth/passwords/hash-work.js";
import { Passwords } from "../../../src/auth/passwords/passwords.ts";
import { foreignHashes } from "../../support/foreign-hashes.ts";

const cost = 8;
const bcryptPasswords = new Passwords({ PASSWORD_HASH: "bcrypt", BCRYPT_COST: cost });
const argon2idPasswords = new Passwords({ PASSWORD_HASH: "argon2id", BCRYPT_COST: cost });
after(() => Promise.all([bcryptPasswords.close(), argon2idPasswords.close()]));

const guess = "a wrong Password";
const maxRuns = 4;

// id: lower-cost-same-rounds
test("verifying a bcrypt hash of a lower cost takes exactly as many rounds as a current hash", (t) => {
  const { mock } = t.mock.method(bcrypt, "hashSync");
  for (let stored = 4; stored <= 10; stored++) {
    const hash = bcrypt.hashSync("b4l0u", bcrypt.genSaltSync(stored));
    for (const [password, isRight] of [
      ["b4l0u", true],
      [guess, false],
    ] as const) {
      mock.resetCalls();
      const minWork = { scheme: "bcrypt", cost: 10 } as const;
      assert.equal(compute({ scheme: "bcrypt", password, cost: stored, hash, minWork }), isRight);
      const costs = mock.calls.map(({ arguments: [, salt] }) => Number(String(salt).slice(4, 6)));
      assert.equal(
        [stored, ...costs].reduce((rounds, cost) => rounds + 2 ** cost, 0),
        2 ** 10,
      );
    }
  }
});

test("a bcrypt hash with a higher cost than current hashes causes no additional work", (t) => {
  const hash = bcrypt.hashSync("b4l0u", bcrypt.genSaltSync(7));
  const { mock } = t.mock.method(bcrypt, "hashSync");
  const minWork = { scheme: "bcrypt", cost: 6 } as const;
  assert.equal(compute({ scheme: "bcrypt", password: guess, cost: 7, hash, minWork }), false);
  assert.equal(mock.callCount(), 0);
});

for (const [name, hash] of [
  ["bcrypt of a lower cost", bcrypt.hashSync("b4l0u", bcrypt.genSaltSync(cost - 4))],
  ...Object.entries(foreignHashes),
] as const) {
  test(`a wrong password for an account whose hash is ${name} costs as much as an unknown address`, async () => {
    await assertCostsAsMuch(bcryptPasswords, hash, guess);
    await assertCostsAsMuch(argon2idPasswords, hash, guess);
  });
}

test("a wrong password in another Unicode form costs as much for an old hash as for an unknown address", async () => {
  await assertCostsAsMuch(bcryptPasswords, bcrypt.hashSync("b4l0u", bcrypt.genSaltSync(4)), "e\u0301 et e\u0301");
});

test("a wrong password that bcrypt cannot hash costs as much for a foreign hash as for an unknown address", async () => {
  for (const hash of Object.values(foreignHashes)) await assertCostsAsMuch(bcryptPasswords, hash, "é".repeat(60));
});

test("an account without a password, or with a hash that cannot be parsed, costs as much as an unknown address", async () => {
  for (const hash of ["!", "md5$00"]) await assertCostsAsMuch(bcryptPasswords, hash, guess);
});

/**
 * Compares the maximum CPU time for the hash to the minimum for an unknown address. Other programs hardly affect CPU
 * time. Further runs can only raise the maximum and lower the minimum.
 */
async function assertCostsAsMuch(passwords: Passwords, hash: string, password: string): Promise<void> {
  const known: number[] = [];
  const unknown: number[] = [];
  for (let i = 0; i < maxRuns; i++) {
    unknown.push(await measureProcessorTime(() => passwords.verifyPassword(password, null)));
    known.push(await measureProcessorTime(() => passwords.verifyPassword(password, hash)));
    if (Math.max(...known) > Math.min(...unknown) / 2) return;
  }
  assert.fail(`known: ${known} µs, unknown: ${unknown} µs`);
}

/** Returns the CPU time in microseconds. */
async function measureProcessorTime(act: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
