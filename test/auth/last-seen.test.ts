import assert from "node:assert/strict";
import type { Auth } from "../../src/auth/auth.ts";
import { type AuthError, DatabaseUnavailable } from "../../src/errors.ts";
import { test } from "../support/engines.ts";
import { createWorld, day, hour, minute, type World } from "../support/world.ts";

const email = "bob@example.com";

// id: idle-end
test("a session in use outlives SESSION_IDLE, and an unused one does not", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(email, "b4l0u");
  const [used, unused] = [await world.auth.createSession(email), await world.auth.createSession(email)];
  for (let days = 0; days < 20; days += 5) {
    world.clock.advance(5 * day);
    assert.ok(await world.auth.getUserFromSessionId(used));
    await world.auth.flush();
  }
  assert.equal(await world.auth.getUserFromSessionId(unused), null);
  assert.ok(await world.auth.getUserFromSessionId(used));
});

// id: absolute-end
test("a session in use expires at SESSION_LIFETIME", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(email, "b4l0u");
  const sessionId = await world.auth.createSession(email);
  for (let days = 0; days < 29; days++) {
    world.clock.advance(day);
    assert.ok(await world.auth.getUserFromSessionId(sessionId));
    await world.auth.flush();
  }
  world.clock.advance(day - 1);
  assert.ok(await world.auth.getUserFromSessionId(sessionId));
  world.clock.advance(1);
  assert.equal(await world.auth.getUserFromSessionId(sessionId), null);
});

test("the last use of a session is written later, and at most once a minute", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(email, "b4l0u");
  const sessionId = (await world.auth.createSession(email)) as string;
  const lastSeenAt = async () => (await world.db.sessions.findUser(sessionId))?.lastSeenAt;
  const openSession = await lastSeenAt();
  world.clock.advance(minute - 1);
  await world.auth.getUserFromSessionId(sessionId);
  await world.auth.flush();
  assert.equal(await lastSeenAt(), openSession);
  world.clock.advance(1);
  await world.auth.getUserFromSessionId(sessionId);
  assert.equal(await lastSeenAt(), openSession);
  await world.auth.flush();
  assert.equal(await lastSeenAt(), world.clock.now());
});

test("with a short SESSION_IDLE, the last use is written more often", async () => {
  await using world = await createWorld({ SESSION_IDLE: "1m" });
  await world.auth.registerUser(email, "b4l0u");
  const sessionId = await world.auth.createSession(email);
  for (let seconds = 0; seconds < 600; seconds += 30) {
    world.clock.advance(30_000);
    assert.ok(await world.auth.getUserFromSessionId(sessionId), `after ${seconds} s`);
    await world.auth.flush();
  }
});

test("closing writes pending times", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(email, "b4l0u");
  const sessionId = (await world.auth.createSession(email)) as string;
  world.clock.advance(hour);
  await world.auth.getUserFromSessionId(sessionId);
  await world.auth.close();
  assert.equal((await world.db.sessions.findUser(sessionId))?.lastSeenAt, world.clock.now());
});

test("the sweep deletes expired sessions and tokens, and nothing else", async () => {
  await using world = await createWorld();
  const user = await world.auth.registerUser(email, "b4l0u");
  await world.auth.createSession(email);
  await world.auth.getResetPasswordToken(email);
  world.clock.advance(14 * day);
  const live = await world.auth.createSession(email);
  assert.partialDeepStrictEqual(await world.auth.admin.sweep(), { sessions: 1, resetTokens: 1 });
  assert.partialDeepStrictEqual(await world.auth.admin.sweep(), { sessions: 0, resetTokens: 0 });
  assert.ok(await world.auth.getUserFromSessionId(live));
  assert.equal((await world.db.findUserBy({ id: user.id })).resetTokenExpiresAt, null);
});

/** Sessions expire after one minute without use. */
const idle = { SESSION_IDLE: "1m" };
const openSession = async (world: World) => {
  await world.auth.registerUser(email, "b4l0u");
  return (await world.auth.createSession(email)) as string;
};

test("a session used just before it expires stays valid, no matter when that use is written", async () => {
  for (const before of [1, 2000, 4999, 5000, 9999]) {
    await using world = await createWorld(idle);
    const sessionId = await openSession(world);
    world.clock.advance(minute - before);
    assert.ok(await world.auth.getUserFromSessionId(sessionId), `${before} ms before`);
    const seenAt = world.clock.now();
    world.clock.advance(before + 4000);
    await world.auth.flush();
    assert.equal((await world.db.sessions.findUser(sessionId))?.lastSeenAt, seenAt, `${before} ms before`);
    world.clock.advance(seenAt + minute - 1 - world.clock.now());
    assert.ok(await world.auth.getUserFromSessionId(sessionId));
    await world.auth.flush();
    world.clock.advance(minute);
    assert.equal(await world.auth.getUserFromSessionId(sessionId), null, "it was last seen when it was used");
  }
});

/** Opens a session and uses it. It has expired by its stored last use, because the write waits until `write` is called. */
async function useSessionWithoutWriting(world: World): Promise<{ sessionId: string; write: () => void }> {
  const sessionId = await openSession(world);
  const { recordUse } = world.db.sessions;
  const held = Promise.withResolvers<void>();
  world.db.sessions.recordUse = async (uses) => {
    await held.promise;
    return recordUse.call(world.db, uses);
  };
  world.clock.advance(minute - 1000);
  await world.auth.sessions.list(sessionId);
  world.clock.advance(2000);
  return { sessionId, write: held.resolve };
}

test("every way of presenting a session counts as a use, and finds a session whose last use is not yet written", async () => {
  const ways: ((auth: Auth, sessionId: string) => unknown)[] = [
    (auth, sessionId) => auth.getUserFromSessionId(sessionId),
    (auth, sessionId) => auth.sessions.list(sessionId),
    (auth, sessionId) => auth.sessions.endOthers(sessionId),
    (auth, sessionId) =>
      auth.account.exportData(sessionId).catch((error: AuthError) => assert.equal(error.code, "password_needed")),
    (auth, sessionId) => auth.account.confirmPassword(sessionId, "b4l0u"),
    async (auth, sessionId) => assert.equal(await auth.logOut(sessionId), true),
  ];
  for (const present of ways) {
    await using world = await createWorld(idle);
    const { sessionId, write } = await useSessionWithoutWriting(world);
    assert.equal(await world.db.sessions.findUser(sessionId), null);
    const later = present(world.auth, sessionId);
    write();
    assert.notEqual(await later, null);
  }
});

test("a session is found even if its last use is written while it is looked up", async () => {
  const lookups: ((auth: Auth, sessionId: string) => unknown)[] = [
    (auth, sessionId) => auth.getUserFromSessionId(sessionId),
    (auth, sessionId) => auth.sessions.list(sessionId),
  ];
  for (const lookUp of lookups) {
    await using world = await createWorld(idle);
    const { sessionId, write } = await useSessionWithoutWriting(world);
    const { find, findUser } = world.db.sessions;
    const afterWrite = async <Found>(found: Found): Promise<Found> => {
      write();
      await world.auth.flush();
      return found;
    };
    world.db.sessions.find = async (id) => afterWrite(await find(id));
    world.db.sessions.findUser = async (id) => afterWrite(await findUser(id));
    assert.ok(await lookUp(world.auth, sessionId));
  }
});

test("while the database is down, no last use is lost: all are written afterwards", async () => {
  await using world = await createWorld(idle);
  const sessionId = await openSession(world);
  const { recordUse } = world.db.sessions;
  let fails = 0;
  world.db.sessions.recordUse = async () => {
    fails++;
    throw new DatabaseUnavailable("unreachable");
  };
  world.clock.advance(minute - 1);
  assert.ok(await world.auth.getUserFromSessionId(sessionId));
  const seenAt = world.clock.now();
  await world.auth.flush();
  await world.auth.flush();
  assert.ok(fails >= 2);
  world.clock.advance(30_000);
  const written = Promise.withResolvers<void>();
  world.db.sessions.recordUse = async (seen) => {
    await recordUse.call(world.db, seen);
    written.resolve();
  };
  await written.promise;
  assert.equal((await world.db.sessions.findUser(sessionId))?.lastSeenAt, seenAt);
});

test("a session that ended after its last use stays ended, and a new id keeps the last use", async () => {
  await using world = await createWorld(idle);
  const sessionId = await openSession(world);
  const { user } = { user: await world.db.findUserBy({ email }) };
  const see = async (id: string) => {
    world.clock.advance(20_000);
    assert.ok(await world.auth.getUserFromSessionId(id));
  };
  await see(sessionId);
  assert.equal(await world.auth.logOut(sessionId), true);
  await world.auth.flush();
  assert.equal(await world.auth.getUserFromSessionId(sessionId), null);

  const renewed = (await world.auth.createSession(email)) as string;
  await see(renewed);
  await world.db.sessions.renew(renewed, { newSessionId: "renewed", nonce: "nonce" });
  const renewedAt = world.clock.now();
  world.clock.advance(10_000);
  await world.auth.flush();
  assert.equal(await world.auth.getUserFromSessionId(renewed), null);
  assert.equal((await world.db.sessions.findUser("renewed"))?.lastSeenAt, renewedAt);

  await see("renewed");
  await world.auth.admin.disableAccount(user.id);
  await world.auth.flush();
  await world.auth.admin.enableAccount(user.id);
  assert.equal(await world.auth.getUserFromSessionId("renewed"), null);
});

test("the sweep keeps a session whose last use is not yet written", async () => {
  await using world = await createWorld(idle);
  const sessionId = await openSession(world);
  world.clock.advance(minute - 1);
  await world.auth.getUserFromSessionId(sessionId);
  world.clock.advance(2000);
  assert.equal((await world.auth.admin.sweep()).sessions, 0);
  assert.ok(await world.auth.getUserFromSessionId(sessionId));
});
