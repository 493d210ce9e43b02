import assert from "node:assert/strict";
import { describe } from "node:test";
import { hashSync } from "bcrypt";
import type { AuthErrorCode } from "../../../src/errors.ts";
import { test } from "../../support/engines.ts";
import { createProductionWorld, deliverMails, owner, registerAndVerify } from "../../support/production.ts";
import type { World } from "../../support/world.ts";

const newEmail = "bob@example.org";
const newPassword = "harbour-9-Violet-plough";
const { email, password } = owner;

const statements = {
  changePassword: ["users", "changePassword"],
  deleteUser: ["users", "deleteAccount"],
  requestEmailChange: ["changeEmail", "request"],
  confirmEmailChange: ["changeEmail", "confirm"],
  openSession: ["sessions", "open"],
} as const;

/**
 * An action that requires the password. Its statement has an effect only if the hash has not changed since it was
 * verified.
 */
interface Action {
  readonly statement: keyof typeof statements;
  /** The error code after the password has changed. */
  readonly code: AuthErrorCode;
  /** Prepares the action and returns it. */
  prepare(world: World): Promise<() => Promise<unknown>>;
}

const openSession = async (world: World) => (await world.auth.logIn({ email, password })).session.sessionId;

const actions: Readonly<Record<string, Action>> = {
  "changing the password": {
    statement: "changePassword",
    code: "wrong_password",
    async prepare(world) {
      const id = await openSession(world);
      return () => world.auth.account.changePassword(id, { currentPassword: password, newPassword });
    },
  },
  "deleting the account": {
    statement: "deleteUser",
    code: "wrong_password",
    async prepare(world) {
      const id = await openSession(world);
      return () => world.auth.account.deleteAccount(id, password);
    },
  },
  "requesting an email change": {
    statement: "requestEmailChange",
    code: "not_logged_in",
    async prepare(world) {
      const id = await openSession(world);
      return () => world.auth.account.changeEmail(id, newEmail);
    },
  },
  "confirming an email change": {
    statement: "confirmEmailChange",
    code: "bad_verify_token",
    async prepare(world) {
      await world.auth.account.changeEmail(await openSession(world), newEmail);
      const token = (await deliverMails(world)).find(({ to }) => to === newEmail)?.token ?? "";
      return () => world.auth.verifyEmail.confirm({ token, password });
    },
  },
  "logging in": {
    statement: "openSession",
    code: "wrong_login",
    async prepare(world) {
      return () => world.auth.logIn({ email, password });
    },
  },
};

/** Runs `work` between the verification of a password and the statement that relies on it. */
function runBefore({ db }: World, statement: Action["statement"], work: () => Promise<unknown>): void {
  const [name, method] = statements[statement];
  const group = db[name] as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const original = group[method] as (...args: unknown[]) => Promise<unknown>;
  assert.ok(original, `db.${name} has no ${method}`);
  group[method] = async (...args: unknown[]) => {
    group[method] = original;
    await work();
    return original(...args);
  };
}

/** Gives the account a hash that the next login replaces, and returns its id. */
async function outdateHash(world: World): Promise<number> {
  const { id } = await world.db.findUserBy({ email });
  await world.db.updateUser(id, { hashedPassword: hashSync(password, 4) });
  return id;
}

for (const [name, { statement, code, prepare }] of Object.entries(actions)) {
  describe(`${name}`, () => {
    test("succeeds if a login replaces the hash in between", async () => {
      await using world = await createProductionWorld({ BCRYPT_COST: "5" });
      await registerAndVerify(world);
      const act = await prepare(world);
      const id = await outdateHash(world);
      const before = await world.db.findUserBy({ id });
      runBefore(world, statement, async () => {
        await world.auth.logIn({ email, password });
        assert.notEqual((await world.db.findUserBy({ id })).hashedPassword, before.hashedPassword);
      });
      await act();
      const events = (await world.auth.audit.list({ limit: 1000 })).map(({ event }) => event);
      assert.deepEqual(
        events.filter((event) => /refused|limited/.test(event)),
        [],
      );
    });

    test("fails without effect if the password was changed in between", async () => {
      await using world = await createProductionWorld({ BCRYPT_COST: "5" });
      await registerAndVerify(world);
      const act = await prepare(world);
      const { id } = await world.db.findUserBy({ email });
      // A reset ends the sessions, so the code is `not_logged_in`.
      runBefore(world, statement, async () => {
        const token = await world.auth.getResetPasswordToken(email);
        await world.auth.updatePassword(token, newPassword);
      });
      const expected = code === "wrong_password" ? "not_logged_in" : code;
      await assert.rejects(act(), { code: expected });
      assert.equal((await world.db.findUserBy({ id })).email, email);
      assert.equal(await world.db.changeEmail.findNewEmail(id), null);
      assert.equal(await world.auth.validLogin(email, newPassword), true);
      assert.equal(await world.auth.validLogin(email, password), false);
    });
  });
}

test("after a change that did not end the session, the old password is wrong, and counts as one attempt", async () => {
  for (const name of ["changing the password", "deleting the account"]) {
    await using world = await createProductionWorld({ LIMIT_LOGIN_ACCOUNT: "2/15m" });
    await registerAndVerify(world);
    const { statement, prepare } = actions[name] as Action;
    const act = await prepare(world);
    const { id } = await world.db.findUserBy({ email });
    runBefore(world, statement, () => world.db.updateUser(id, { hashedPassword: hashSync(newPassword, 4) }));
    await assert.rejects(act(), { code: "wrong_password" });
    await assert.rejects(world.auth.logIn({ email, password }), { code: "wrong_login" });
    await assert.rejects(world.auth.logIn({ email, password: newPassword }), { code: "too_many_tries" });
  }
});

test("a password change fails if the hash is replaced again and again, instead of verifying the password forever", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const id = await openSession(world);
  const user = await world.db.findUserBy({ email });
  const { changePassword } = world.db.users;
  let times = 0;
  world.db.users.changePassword = async (change) => {
    times++;
    await world.db.updateUser(user.id, { hashedPassword: hashSync(password, 4) });
    return changePassword.call(world.db, change);
  };
  await assert.rejects(world.auth.account.changePassword(id, { currentPassword: password, newPassword }), {
    code: "wrong_password",
  });
  assert.equal(times, 2);
});
