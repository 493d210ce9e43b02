import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { createStore } from "../../support/twins.ts";

const email = "bob@example.com";

test("an account that is gone, disabled, or has another password by now, moves nowhere", async () => {
  await using store = await createStore();
  const { db } = store;
  const bob = await db.addUser(email, "old");
  const refused = async () => {
    assert.equal(await db.addMove(bob, "new@example.com", "en"), false);
    assert.deepEqual([await store.rows("verifications"), await store.rows("outbox")], [[], []]);
  };
  await db.updateUser(bob.id, { hashedPassword: "new" });
  await refused();
  await db.updateUser(bob.id, { hashedPassword: "old" });
  await db.setDisabled(bob.id, true);
  await refused();
  await db.setDisabled(bob.id, false);
  assert.equal(await db.addMove(bob, "new@example.com", "en"), true);
  await db.deleteUser(bob, []);
  await refused();
});

test("of the reset tokens of an address that only waits to be confirmed the newest alone is good", async () => {
  await using store = await createStore();
  const { db } = store;
  const notice = { kind: "registration", language: "en" } as const;
  for (const token of ["one", "two"]) {
    await db.addRegistration(email, "hash", notice);
    assert.equal(await db.giveResetToken(email, token), email);
  }
  const redeem = (resetToken: string) =>
    db.redeemResetToken({ resetToken, email, hashedPassword: "new", byMail: true });
  assert.equal(await db.resetAddress("one"), null);
  assert.equal(await redeem("one"), null);
  assert.equal((await redeem("two"))?.email, email);
});
