import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { describe } from "node:test";
import { AuthError, type AuthErrorCode } from "../../src/errors.ts";
import { retryWhileUnavailable } from "../support/databases.ts";
import { test } from "../support/engines.ts";
import { createWorld, hour } from "../support/world.ts";

const email = "bob@example.com";
const password = "mySuperPwd";

function hasCode(code: AuthErrorCode) {
  return (error: unknown) => error instanceof AuthError && error.code === code;
}

describe("registerUser", () => {
  test("returns the user, whose password is stored as a salted bcrypt hash", async () => {
    await using world = await createWorld();
    const user = await world.auth.registerUser(" Bob@Example.com ", password);
    assert.equal(user.email, "Bob@Example.com");
    const stored = await world.db.findUserBy({ email });
    assert.match(stored.hashedPassword, /^\$2b\$04\$/);
    assert.partialDeepStrictEqual(stored, user);
  });

  test("rejects an address that is taken, with the contract's message", async () => {
    await using world = await createWorld();
    await world.auth.registerUser(email, password);
    await assert.rejects(world.auth.registerUser("BOB@example.com", "other"), (error: Error) => {
      return hasCode("email_taken")(error) && error.message === "User BOB@example.com already exists";
    });
    assert.equal(await world.auth.validLogin(email, password), true);
  });

  test("exactly one of many simultaneous calls for one address succeeds", async () => {
    await using world = await createWorld();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) =>
        retryWhileUnavailable(() => world.auth.registerUser(email, `password ${i}`)),
      ),
    );
    const winner = outcomes.findIndex((outcome) => outcome.status === "fulfilled");
    for (const [i, outcome] of outcomes.entries()) {
      if (i !== winner) assert.ok(outcome.status === "rejected" && hasCode("email_taken")(outcome.reason));
    }
    assert.equal(await world.auth.validLogin(email, `password ${winner}`), true);
  });

  test("rejects an invalid address, and a password that is missing or too short", async () => {
    await using world = await createWorld({ PASSWORD_MIN_LENGTH: "8", EMAIL_FORMAT: "address" });
    await assert.rejects(world.auth.registerUser("bob", password), hasCode("email_invalid"));
    await assert.rejects(world.auth.registerUser(email, ""), hasCode("password_missing"));
    await assert.rejects(world.auth.registerUser(email, "🐧🐧🐧🐧🐧🐧🐧"), hasCode("password_too_short"));
    assert.ok(await world.auth.registerUser(email, "🐧🐧🐧🐧🐧🐧🐧🐧"));
  });
});

describe("validLogin", () => {
  test("is true for the right email and password, and false in every other case", async () => {
    await using world = await createWorld();
    await world.auth.registerUser(email, password);
    assert.equal(await world.auth.validLogin(email, password), true);
    assert.equal(await world.auth.validLogin(" BOB@example.com", password), true);
    for (const wrong of ["", "x", password.toUpperCase(), `${password} `, `${password}\0`, "a".repeat(100)]) {
      assert.equal(await world.auth.validLogin(email, wrong), false, wrong);
    }
    for (const unknown of ["", "alice@example.com", "no address", "bob@example.com\0"]) {
      assert.equal(await world.auth.validLogin(unknown, password), false, unknown);
    }
  });

  // id: unknown-address-hashes
  test("an unknown address takes a slot in the hash queue like a known one", async () => {
    // At this cost a hash is expected to take half a second, so ten can wait for each worker.
    const world = await createWorld({ BCRYPT_COST: "13" });
    const login = () => world.auth.validLogin("unknown@example.com", password);
    const logins = Array.from({ length: 24 * availableParallelism() }, login);
    const settled = Promise.allSettled(logins);
    await assert.rejects(Promise.race(logins), hasCode("busy"));
    await world[Symbol.asyncDispose]();
    await settled;
  });
});

describe("logIn", () => {
  test("opens a session of the user", async () => {
    await using world = await createWorld();
    const registered = await world.auth.registerUser(email, password);
    const { user, session } = await world.auth.logIn({ email, password }, { ip: "192.0.2.1", userAgent: "curl/8" });
    assert.equal(user.id, registered.id);
    assert.equal(session.ip, "192.0.2.1");
    assert.equal(session.userAgent, "curl/8");
    assert.equal((await world.auth.getUserFromSessionId(session.sessionId))?.email, email);
  });

  test("ends the session that was presented with the login, and no other session", async () => {
    await using world = await createWorld();
    await world.auth.registerUser(email, password);
    const [other, presented] = [await world.auth.createSession(email), await world.auth.createSession(email)];
    const { session } = await world.auth.logIn({ email, password, replaces: presented as string });
    assert.equal(await world.auth.getUserFromSessionId(presented), null);
    for (const live of [other, session.sessionId]) assert.ok(await world.auth.getUserFromSessionId(live));
  });

  test("a wrong password ends nothing and opens nothing", async () => {
    await using world = await createWorld();
    await world.auth.registerUser(email, password);
    const presented = await world.auth.createSession(email);
    const login = { email, password: "wrong", replaces: presented as string };
    await assert.rejects(world.auth.logIn(login), hasCode("wrong_login"));
    assert.ok(await world.auth.getUserFromSessionId(presented));
  });

  // id: rehashes-weaker
  test("replaces a weaker hash once, at the first login", async () => {
    await using world = await createWorld({ BCRYPT_COST: "5" });
    const user = await world.auth.registerUser(email, password);
    await using older = await createWorld();
    await older.auth.registerUser(email, password);
    const { hashedPassword } = await older.db.findUserBy({ email });
    await world.db.updateUser(user.id, { hashedPassword });
    const login = await world.auth.logIn({ email, password });
    assert.ok(await world.auth.getUserFromSessionId(login.session.sessionId));
    const rehashed = await world.db.findUserBy({ id: user.id });
    assert.match(rehashed.hashedPassword, /^\$2b\$05\$/);
    await world.auth.logIn({ email, password });
    assert.equal((await world.db.findUserBy({ id: user.id })).hashedPassword, rehashed.hashedPassword);
  });

  test("simultaneous logins with an outdated hash all succeed", async () => {
    await using world = await createWorld({ BCRYPT_COST: "5" });
    const { id } = await world.auth.registerUser(email, password);
    await using older = await createWorld();
    await older.auth.registerUser(email, password);
    const { hashedPassword } = await older.db.findUserBy({ email });
    await world.db.updateUser(id, { hashedPassword });
    const logins = await Promise.all([1, 2, 3, 4].map(() => world.auth.logIn({ email, password })));
    for (const { session } of logins) assert.ok(await world.auth.getUserFromSessionId(session.sessionId));
  });

  // id: racing-a-reset
  test("a login during a reset opens no session that outlives the reset", async () => {
    await using world = await createWorld();
    await world.auth.registerUser(email, password);
    for (let i = 0; i < 20; i++) {
      const old = i === 0 ? password : `new ${i - 1}`;
      const token = await world.auth.getResetPasswordToken(email);
      const logins = Array.from({ length: 4 }, () => world.auth.logIn({ email, password: old }));
      const [reset, ...outcomes] = await Promise.allSettled([world.auth.updatePassword(token, `new ${i}`), ...logins]);
      assert.equal(reset.status, "fulfilled");
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") assert.ok(hasCode("wrong_login")(outcome.reason));
        else assert.equal(await world.auth.getUserFromSessionId(outcome.value.session.sessionId), null);
      }
    }
  });

  test("a disabled account gets the error of a wrong password, and its sessions end", async () => {
    await using world = await createWorld();
    const user = await world.auth.registerUser(email, password);
    const sessionId = await world.auth.createSession(email);
    await world.db.updateUser(user.id, { disabledAt: world.clock.now() });
    assert.equal(await world.auth.getUserFromSessionId(sessionId), null);
    assert.equal(await world.auth.createSession(email), null);
    assert.equal(await world.auth.validLogin(email, password), false);
    await assert.rejects(world.auth.logIn({ email, password }), hasCode("wrong_login"));
    await assert.rejects(world.auth.getResetPasswordToken(email), hasCode("unknown_email"));
  });
});

describe("sessions", () => {
  // id: new-id-each-time
  test("createSession returns a new UUID each time, or null for an unknown address", async () => {
    await using world = await createWorld();
    await world.auth.registerUser(email, password);
    const ids = [await world.auth.createSession(email), await world.auth.createSession(email)];
    assert.equal(new Set(ids).size, 2);
    for (const id of ids)
      assert.match(id ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(await world.auth.createSession("alice@example.com"), null);
  });

  test("getUserFromSessionId returns null for an invalid session id", async () => {
    await using world = await createWorld();
    for (const sessionId of [null, "", "x", "a".repeat(100_000), crypto.randomUUID()]) {
      assert.equal(await world.auth.getUserFromSessionId(sessionId), null);
    }
  });

  test("destroySession ends all sessions of the user, and none of other users", async () => {
    await using world = await createWorld();
    const bob = await world.auth.registerUser(email, password);
    await world.auth.registerUser("alice@example.com", password);
    const ids = [await world.auth.createSession(email), await world.auth.createSession(email)];
    const alices = await world.auth.createSession("alice@example.com");
    await world.auth.destroySession(bob.id);
    for (const id of ids) assert.equal(await world.auth.getUserFromSessionId(id), null);
    assert.ok(await world.auth.getUserFromSessionId(alices));
    await world.auth.destroySession(999);
  });

  test("logOut ends one session, and has no effect the second time", async () => {
    await using world = await createWorld();
    await world.auth.registerUser(email, password);
    const [one, other] = [await world.auth.createSession(email), await world.auth.createSession(email)];
    assert.deepEqual(await Promise.all([world.auth.logOut(one), world.auth.logOut(null), world.auth.logOut("x")]), [
      true,
      false,
      false,
    ]);
    assert.equal(await world.auth.logOut(one), false);
    assert.ok(await world.auth.getUserFromSessionId(other));
  });

  test("SESSION_LIMIT=1 allows one session per user, as in the contract", async () => {
    await using world = await createWorld({ SESSION_LIMIT: "1" });
    await world.auth.registerUser(email, password);
    const first = await world.auth.createSession(email);
    const second = (await world.auth.logIn({ email, password })).session.sessionId;
    assert.equal(await world.auth.getUserFromSessionId(first), null);
    assert.ok(await world.auth.getUserFromSessionId(second));
  });

  // id: random-tokens
  test("TOKEN_FORMAT=random makes session ids and reset tokens of 256 bits", async () => {
    await using world = await createWorld({ TOKEN_FORMAT: "random" });
    await world.auth.registerUser(email, password);
    assert.match((await world.auth.createSession(email)) ?? "", /^[\w-]{43}$/);
    assert.match(await world.auth.getResetPasswordToken(email), /^[\w-]{43}$/);
  });
});

describe("resetting a password", () => {
  test("uses up the token, changes the password and ends every session", async () => {
    await using world = await createWorld();
    await world.auth.registerUser(email, password);
    const sessionId = await world.auth.createSession(email);
    const token = await world.auth.getResetPasswordToken("BOB@example.com ");
    assert.equal(token.length, 36);
    await world.auth.updatePassword(token, "t4rt1fl3tt3");
    assert.equal(await world.auth.validLogin(email, password), false);
    assert.equal(await world.auth.validLogin(email, "t4rt1fl3tt3"), true);
    assert.equal(await world.auth.getUserFromSessionId(sessionId), null);
    await assert.rejects(world.auth.updatePassword(token, "again"), hasCode("bad_reset_token"));
  });

  test("rejects an unknown address and an invalid token", async () => {
    await using world = await createWorld();
    await world.auth.registerUser(email, password);
    await assert.rejects(world.auth.getResetPasswordToken("alice@example.com"), hasCode("unknown_email"));
    const replaced = await world.auth.getResetPasswordToken(email);
    const expired = await world.auth.getResetPasswordToken(email);
    world.clock.advance(hour);
    for (const token of ["", "x", "null", replaced, expired, "a".repeat(10_000), "\0"]) {
      await assert.rejects(world.auth.updatePassword(token, "new"), hasCode("bad_reset_token"), token);
    }
    assert.equal(await world.auth.validLogin(email, password), true);
  });

  test("the token stays valid after an error, and an invalid token costs no hash", async () => {
    await using world = await createWorld({ PASSWORD_MIN_LENGTH: "8" });
    await world.auth.registerUser(email, password);
    await world.auth.registerUser("alice@example.com", password);
    const token = await world.auth.getResetPasswordToken(email);
    await assert.rejects(world.auth.updatePassword(token, "short"), hasCode("password_too_short"));
    await assert.rejects(world.auth.updatePassword(token, ""), hasCode("password_missing"));
    await assert.rejects(
      world.auth.updatePassword(token, "long enough", "alice@example.com"),
      hasCode("bad_reset_token"),
    );
    await assert.rejects(world.auth.updatePassword("bogus", "short"), hasCode("bad_reset_token"));
    await world.auth.updatePassword(token, "long enough", " Bob@example.com");
    assert.equal(await world.auth.validLogin(email, "long enough"), true);
  });

  test("exactly one of many simultaneous redemptions succeeds", async () => {
    await using world = await createWorld();
    await world.auth.registerUser(email, password);
    const token = await world.auth.getResetPasswordToken(email);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => retryWhileUnavailable(() => world.auth.updatePassword(token, `new ${i}`))),
    );
    const winners = outcomes.flatMap((outcome, i) => (outcome.status === "fulfilled" ? [i] : []));
    assert.equal(winners.length, 1);
    assert.equal(await world.auth.validLogin(email, `new ${winners[0]}`), true);
  });
});

// id: events-without-secrets
test("every event is logged with the user's id, and never with a secret or an address", async () => {
  await using world = await createWorld();
  const { id } = await world.auth.registerUser(email, password);
  const { session } = await world.auth.logIn({ email, password }, { ip: "192.0.2.1" });
  await assert.rejects(world.auth.logIn({ email, password: "wrongPwd" }));
  await assert.rejects(world.auth.logIn({ email: "alice@example.com", password }));
  await world.auth.logOut(session.sessionId);
  const token = await world.auth.getResetPasswordToken(email);
  await assert.rejects(world.auth.updatePassword("bogus-token", "newPwd"));
  await world.auth.updatePassword(token, "newPwd");
  assert.deepEqual(
    world.logEntries.map((entry) => [entry.event, entry.userId]),
    [
      ["user_registered", id],
      ["logged_in", id],
      ["login_refused", id],
      ["login_refused", undefined],
      ["logged_out", id],
      ["reset_token_made", id],
      ["reset_refused", undefined],
      ["password_reset", id],
    ],
  );
  const text = JSON.stringify(world.logEntries);
  for (const secret of [email, "alice", password, "wrongPwd", "newPwd", "bogus", session.sessionId, token]) {
    assert.ok(!text.includes(secret), secret);
  }
});
