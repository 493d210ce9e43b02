import assert from "node:assert/strict";
import { test } from "../engines.ts";
import { createWorld, day, hour, minute } from "../world.ts";

const email = "bob@example.com";

test("a session that is used outlives its idle end, and one that is not does not", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(email, "b4l0u");
  const [used, unused] = [await world.auth.createSession(email), await world.auth.createSession(email)];
  for (let days = 0; days < 20; days += 5) {
    world.clock.forward(5 * day);
    assert.ok(await world.auth.getUserFromSessionId(used));
    await world.auth.flush();
  }
  assert.equal(await world.auth.getUserFromSessionId(unused), null);
  assert.ok(await world.auth.getUserFromSessionId(used));
});

test("however much it is used, a session has its absolute end", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(email, "b4l0u");
  const sessionId = await world.auth.createSession(email);
  for (let days = 0; days < 29; days++) {
    world.clock.forward(day);
    assert.ok(await world.auth.getUserFromSessionId(sessionId));
    await world.auth.flush();
  }
  world.clock.forward(day - 1);
  assert.ok(await world.auth.getUserFromSessionId(sessionId));
  world.clock.forward(1);
  assert.equal(await world.auth.getUserFromSessionId(sessionId), null);
});

test("presenting a session writes nothing by itself, and once a minute at most", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(email, "b4l0u");
  const sessionId = (await world.auth.createSession(email)) as string;
  const lastSeenAt = async () => (await world.db.findUserBySession(sessionId))?.lastSeenAt;
  const opened = await lastSeenAt();
  world.clock.forward(minute - 1);
  await world.auth.getUserFromSessionId(sessionId);
  await world.auth.flush();
  assert.equal(await lastSeenAt(), opened);
  world.clock.forward(1);
  await world.auth.getUserFromSessionId(sessionId);
  assert.equal(await lastSeenAt(), opened);
  await world.auth.flush();
  assert.equal(await lastSeenAt(), world.clock.now());
});

test("where the idle end is near it is written more often", async () => {
  await using world = await createWorld({ SESSION_IDLE: "1m" });
  await world.auth.registerUser(email, "b4l0u");
  const sessionId = await world.auth.createSession(email);
  for (let seconds = 0; seconds < 600; seconds += 30) {
    world.clock.forward(30_000);
    assert.ok(await world.auth.getUserFromSessionId(sessionId), `after ${seconds} s`);
    await world.auth.flush();
  }
});

test("what is still to be written is written at the end", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(email, "b4l0u");
  const sessionId = (await world.auth.createSession(email)) as string;
  world.clock.forward(hour);
  await world.auth.getUserFromSessionId(sessionId);
  await world.auth.close();
  assert.equal((await world.db.findUserBySession(sessionId))?.lastSeenAt, world.clock.now());
});

test("the sweep deletes what has ended, and nothing else", async () => {
  await using world = await createWorld();
  const user = await world.auth.registerUser(email, "b4l0u");
  await world.auth.createSession(email);
  await world.auth.getResetPasswordToken(email);
  world.clock.forward(14 * day);
  const live = await world.auth.createSession(email);
  assert.partialDeepStrictEqual(await world.auth.sweep(), { sessions: 1, resetTokens: 1 });
  assert.partialDeepStrictEqual(await world.auth.sweep(), { sessions: 0, resetTokens: 0 });
  assert.ok(await world.auth.getUserFromSessionId(live));
  assert.equal((await world.db.findUserBy({ id: user.id })).resetTokenExpiresAt, null);
});
