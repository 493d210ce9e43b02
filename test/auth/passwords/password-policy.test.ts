import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { AuthError } from "../../../src/errors.ts";
import type { Environment } from "../../../src/settings/settings.ts";
import { test as testOnEngines } from "../../support/engines.ts";
import { findPasswordProblem } from "../../support/password-problem.ts";
import { createWorld } from "../../support/world.ts";

const bob = "bob.smith@mail.example.org";

function refusal(password: string, environment: Environment = {}, email = bob): Promise<string | null> {
  return findPasswordProblem(password, environment, email);
}

// id: any-character
test("the length is counted in code points, and every character is allowed", async () => {
  const environment = { PASSWORD_MIN_LENGTH: "8", PASSWORD_BLOCKLIST: "on" };
  for (const short of ["1234567", "😀".repeat(7), "é".repeat(7), " ".repeat(7)]) {
    assert.equal(await refusal(short, environment), "password_too_short", short);
  }
  for (const long of [
    "😀".repeat(8),
    " ".repeat(8),
    "\0\t\n\r\u007f\u200b\u2028￿",
    "Ünïcödé!",
    "x".repeat(64),
    "y".repeat(9000),
  ]) {
    assert.equal(await refusal(long, environment), null, long);
  }
  assert.equal(await refusal(""), "password_missing");
});

// id: common-refused
test("the 3,000 most common passwords are rejected in any letter case, and so is the least common one of over 10,000", async () => {
  const file = fileURLToPath(import.meta.resolve("@zxcvbn-ts/language-common/src/passwords.json"));
  const list: string[] = JSON.parse(await readFile(file, "utf8"));
  assert.ok(list.length >= 10_000);
  for (const common of [...list.slice(0, 3000), list.at(-1) ?? ""]) {
    for (const password of [common, common.toUpperCase(), common.replace(/^./, (first) => first.toUpperCase())]) {
      assert.equal(await refusal(password, { PASSWORD_BLOCKLIST: "on" }, "zq@zq.zq"), "password_common", password);
    }
  }
});

test("a password that contains a common one, or two of them, is accepted", async () => {
  for (const password of ["password of mine", 'password","123456', "password\n123456", '"password"', " password"]) {
    assert.equal(await refusal(password, { PASSWORD_BLOCKLIST: "on" }), null, password);
  }
});

// id: own-words-refused
test("the address, the service and its host are rejected, also with a few digits or signs", async () => {
  const environment = {
    PASSWORD_BLOCKLIST: "on",
    SERVICE_NAME: "Chez Zoé",
    PUBLIC_URL: "https://konto.hospital.example",
  };
  for (const password of [
    bob,
    bob.toUpperCase(),
    `${bob}1!`,
    "bob.smith",
    "Bob.Smith2024",
    "smith-31.1.99",
    "bobsmith",
    "SmithBob!!",
    "!smith",
    "bob_smith_bob_1",
    "mail.example.org",
    "Example.Org99",
    "example#1",
    "bob@example",
    "Chez Zoé",
    "chezzoé2030",
    "CHEZ-ZOÉ",
    "konto.hospital.example",
    "Hospital1234",
    "bob@hospital",
  ]) {
    assert.equal(await refusal(password, environment), "password_personal", password);
  }
  for (const password of [
    "bob, who sails",
    "smith123456789",
    "smithereens",
    "exampleCorrect",
    "Zoé et Bob au lit",
    "zzzz",
  ]) {
    assert.equal(await refusal(password, environment), null, password);
  }
  assert.equal(await refusal("Bienvenue123", { PASSWORD_BLOCKLIST: "on" }), "password_personal");
});

test("short and unusual addresses are rejected as passwords, and do not affect others", async () => {
  const environment = { PASSWORD_BLOCKLIST: "on" };
  assert.equal(await refusal("xy", environment, "xy@q"), "password_personal");
  assert.equal(await refusal("XY@Q", environment, "xy@q"), "password_personal");
  assert.equal(await refusal("xyzzyx", environment, "xy@q"), null);
  assert.equal(await refusal("$&$`", environment, "$&$`@q"), "password_personal");
  assert.equal(await refusal("anything at all", environment, ".*@q"), null);
});

testOnEngines("the policy applies to registrations and resets, with the address of the account", async () => {
  await using world = await createWorld({ PASSWORD_BLOCKLIST: "on" });
  const hasCode = (code: string) => (error: Error) => error instanceof AuthError && error.code === code;
  await assert.rejects(world.auth.registerUser(` ${bob.toUpperCase()}`, "bob.smith1"), hasCode("password_personal"));
  await assert.rejects(world.auth.registerUser(bob, "trustno1"), hasCode("password_common"));
  await world.auth.registerUser(bob, "a good one");
  const token = await world.auth.getResetPasswordToken(bob);
  await assert.rejects(world.auth.updatePassword(token, "Smith123"), hasCode("password_personal"));
  await assert.rejects(world.auth.updatePassword(token, "trustno1"), hasCode("password_common"));
  await world.auth.updatePassword(token, "a better one");
  assert.ok(await world.auth.validLogin(bob, "a better one"));
});

testOnEngines("a rejected password reveals nothing about the account", async () => {
  await using world = await createWorld({ PASSWORD_BLOCKLIST: "on" });
  await world.auth.registerUser(bob, "a good one");
  for (const email of [bob, "nobody@mail.example.org"]) {
    await assert.rejects(world.auth.registerUser(email, "trustno1"), { code: "password_common" });
    await assert.rejects(world.auth.registerUser(email, "example1"), { code: "password_personal" });
  }
});
