import assert from "node:assert/strict";
import { NoResultFound } from "../../../src/errors.ts";
import { retryWhileUnavailable } from "../../support/databases.ts";
import { createStore } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { hour, minute } from "../../support/world.ts";

const email = "bob@example.com";
const redemption = { resetToken: "token", email, hashedPassword: "new" };

test("a reset token changes the password once, and ends all sessions of the user", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const { id: userId } = await db.addUser(email, "old");
  const alice = await db.addUser("alice@example.com", "alice's");
  for (const sessionId of ["phone", "laptop"]) await db.sessions.open({ userId, sessionId });
  await db.sessions.open({ userId: alice.id, sessionId: "alice's" });
  await db.updateUser(userId, { resetToken: "token" });
  assert.equal((await db.findUserBy({ resetToken: "token" })).resetTokenExpiresAt, clock.now() + hour);
  clock.advance(1);

  assert.equal((await db.resetPassword.redeem(redemption))?.id, userId);
  const bob = await db.findUserBy({ email });
  assert.deepEqual(
    { hashedPassword: bob.hashedPassword, updatedAt: bob.updatedAt, resetTokenExpiresAt: bob.resetTokenExpiresAt },
    { hashedPassword: "new", updatedAt: clock.now(), resetTokenExpiresAt: null },
  );
  for (const sessionId of ["phone", "laptop"]) assert.equal(await db.sessions.findUser(sessionId), null);
  assert.equal((await db.sessions.findUser("alice's"))?.hashedPassword, "alice's");

  assert.equal(await db.resetPassword.redeem({ ...redemption, hashedPassword: "again" }), null);
  await assert.rejects(db.findUserBy({ resetToken: "token" }), NoResultFound);
  assert.equal((await db.findUserBy({ email })).hashedPassword, "new");
});

// id: redeemed-once
test("exactly one of 200 simultaneous redemptions over two connections changes the password", async () => {
  await using store = await createStore();
  const dbs = [store.db, await store.open()];
  const { id } = await store.db.addUser(email, "old");
  await store.db.updateUser(id, { resetToken: "token" });
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      retryWhileUnavailable(async () =>
        dbs[i % 2]?.resetPassword.redeem({ ...redemption, hashedPassword: `new ${i}` }),
      ),
    ),
  );
  const winners = results.flatMap((redeemed, i) => (redeemed ? [`new ${i}`] : []));
  assert.deepEqual(winners, [(await store.db.findUserBy({ email })).hashedPassword]);
});

test("a token that is replaced, expired, revoked, another user's or a disabled user's changes nothing", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const { id } = await db.addUser(email, "old");
  const alice = await db.addUser("alice@example.com", "alice's");
  await db.sessions.open({ userId: id, sessionId: "session" });
  const assertRejected = async (resetToken: string, address = email) => {
    const before = [await store.readRows("users"), await store.readRows("sessions")];
    assert.equal(await db.resetPassword.redeem({ ...redemption, resetToken, email: address }), null);
    assert.deepEqual([await store.readRows("users"), await store.readRows("sessions")], before);
  };
  await assertRejected("");
  await assertRejected("unknown");
  await db.updateUser(id, { resetToken: "replaced" });
  await db.updateUser(id, { resetToken: "token" });
  await assertRejected("replaced");
  await assertRejected("token", alice.email);
  await assertRejected("token", "nobody@example.com");
  await db.updateUser(id, { disabledAt: 1 });
  await assertRejected("token");
  await db.updateUser(id, { disabledAt: null });
  clock.advance(hour - 1);
  assert.equal((await db.findUserBy({ resetToken: "token" })).id, id);
  clock.advance(1);
  await assertRejected("token");
  await assert.rejects(db.findUserBy({ resetToken: "token" }), NoResultFound);
  await db.updateUser(id, { resetToken: "revoked" });
  await db.updateUser(id, { resetToken: null });
  await assertRejected("revoked");

  await db.updateUser(id, { resetToken: "token" });
  clock.advance(hour - 1);
  assert.ok(await db.resetPassword.redeem(redemption), "otherwise the token is valid");
});

test("a reset token expires at the given time", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const { id } = await db.addUser(email, "old");
  const resetTokenExpiresAt = clock.now() + minute;
  for (const changes of [
    { resetToken: "token", resetTokenExpiresAt },
    { resetTokenExpiresAt, resetToken: "token" },
  ]) {
    await db.updateUser(id, changes);
    assert.equal((await db.findUserBy({ resetToken: "token" })).resetTokenExpiresAt, resetTokenExpiresAt);
  }
  clock.advance(minute);
  assert.equal(await db.resetPassword.redeem(redemption), null);
});
