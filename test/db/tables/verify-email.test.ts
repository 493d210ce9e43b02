import assert from "node:assert/strict";
import { createStore } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";

const email = "bob@example.com";

test("the email of an account that was deleted, disabled or given another password does not change", async () => {
  await using store = await createStore();
  const { db } = store;
  const bob = await db.addUser(email, "old");
  const assertRejected = async () => {
    assert.equal(await db.changeEmail.request(bob, "new@example.com", "en"), false);
    assert.deepEqual([await store.readRows("verifications"), await store.readRows("outbox")], [[], []]);
  };
  await db.updateUser(bob.id, { hashedPassword: "new" });
  await assertRejected();
  await db.updateUser(bob.id, { hashedPassword: "old" });
  await db.users.setDisabled(bob.id, true);
  await assertRejected();
  await db.users.setDisabled(bob.id, false);
  assert.equal(await db.changeEmail.request(bob, "new@example.com", "en"), true);
  await db.users.deleteAccount(bob, []);
  await assertRejected();
});

test("only the newest reset token of an unverified address is valid", async () => {
  await using store = await createStore();
  const { db } = store;
  const notice = { kind: "registration", language: "en" } as const;
  for (const token of ["one", "two"]) {
    await db.registrations.add(email, "hash", notice);
    assert.equal(await db.resetPassword.storeToken(email, token), email);
  }
  const redeem = (resetToken: string) =>
    db.resetPassword.redeem({ resetToken, email, hashedPassword: "new", isMailed: true });
  assert.equal(await db.resetPassword.findEmail("one"), null);
  assert.equal(await redeem("one"), null);
  assert.equal((await redeem("two"))?.email, email);
});
