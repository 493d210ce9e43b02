import assert from "node:assert/strict";
import type { Caller } from "../../src/auth/auth.ts";
import { DatabaseUnavailable } from "../../src/errors.ts";
import { test } from "../support/engines.ts";
import { createWorld, type World } from "../support/world.ts";

const email = "bob@example.com";
const password = "plough-Violet-9-harbour";

/** Values that a JavaScript program can pass to describe a caller, and that no database can store. */
const odd: Record<string, unknown> = {
  "a long string": "x".repeat(251),
  "a very long string": "x".repeat(100_000),
  "a string of four-byte characters": "👩".repeat(251),
  "a NUL": "curl\0",
  "only NULs": "\0".repeat(3),
  "half a character": "curl \ud83d",
  "the other half": "\udc69 curl",
  "half a character at the cut": `${"x".repeat(249)}👩`,
  "a number": 7,
  NaN: Number.NaN,
  "a bigint": 7n,
  "a boolean": true,
  null: null,
  "an object": { toString: () => "curl\0" },
  "a list": ["curl", "wget"],
  bytes: Buffer.from("curl"),
  "a symbol": Symbol("curl"),
  "a function": () => "curl",
};

function describeCaller(value: unknown): Caller {
  const requestIds = { id: value, traceId: value, spanId: value };
  return { ip: value, userAgent: value, language: value, deviceSecrets: value, requestIds } as Caller;
}

/** Asserts that the trail is complete and nothing was logged as a problem. One event can have several entries. */
async function assertTrail({ auth, logEntries }: World, expected: string[]): Promise<void> {
  const events = (await auth.audit.list({ limit: 1000 })).map(({ event }) => event);
  const once = new Set(expected).size === 1;
  assert.deepEqual(
    logEntries.filter(({ level }) => level !== "info"),
    [],
  );
  assert.deepEqual(once ? [...new Set(events)] : events, expected);
}

for (const [name, value] of Object.entries(odd)) {
  test(`a caller described by ${name} can do all that others can, and is in the trail`, async () => {
    await using world = await createWorld({ RATE_LIMIT: "on" });
    const { auth } = world;
    const caller = describeCaller(value);
    const user = await auth.registerUser(email, password, caller);
    const { session } = await auth.logIn({ email, password }, caller);
    await assert.rejects(auth.logIn({ email, password: "wrong" }, caller), { code: "wrong_login" });
    assert.equal(await auth.validLogin(email, password, caller), true);
    assert.ok(await auth.createSession(email, caller));
    await auth.sessions.endOthers(session.sessionId, caller);
    const renewed = await auth.account.confirmPassword(session.sessionId, password, caller);
    const token = await auth.getResetPasswordToken(email, caller);
    await auth.updatePassword(token, password, email, caller);
    await auth.resetPassword.request(email, caller);
    await auth.verifyEmail.request("eve@example.com", caller);
    assert.equal(await auth.logOut(renewed.session.sessionId, caller), false);
    auth.audit.recordRejectedRequest(value as string, caller);
    await auth.admin.sendResetMail(user.id, value as "en");
    await auth.admin.invite("mia@example.com", value as "en");
    await assertTrail(world, [
      "user_registered",
      "logged_in",
      "login_refused",
      "sessions_ended",
      "password_confirmed",
      "reset_token_made",
      "password_reset",
      "reset_asked",
      "verification_asked",
      "request_refused",
      "reset_asked",
      "account_invited",
    ]);
    assert.doesNotMatch(JSON.stringify(world.logEntries), /x{251}/);
  });
}

test("an invalid caller counts as no caller", async () => {
  await using world = await createWorld();
  for (const caller of [null, undefined, 7, "bob", []]) {
    await world.auth.resetPassword.request(email, caller as unknown as Caller);
  }
  await assertTrail(world, ["reset_asked"]);
});

test("a session keeps the beginning of a long User-Agent, in whole characters", async () => {
  await using world = await createWorld();
  const userAgent = `\0${"👩".repeat(300)}`;
  await world.auth.registerUser(email, password);
  const { session } = await world.auth.logIn({ email, password }, { userAgent, ip: "192.0.2.1" });
  const [listed] = await world.auth.sessions.list(session.sessionId);
  assert.deepEqual([listed?.user_agent, listed?.ip], [`\ufffd${"👩".repeat(249)}`, "192.0.2.1"]);
  assert.equal(session.userAgent, listed?.user_agent);
  const own = await world.db.sessions.open({ userId: 1, sessionId: "a program's own", userAgent });
  assert.equal(own?.userAgent, listed?.user_agent);
});

test("an impossible user id finds no account, and operations on it are in the trail", async () => {
  await using world = await createWorld();
  const { auth } = world;
  for (const id of [2 ** 31, -(2 ** 40), 1.5, Number.NaN, Number.POSITIVE_INFINITY, "1", null] as number[]) {
    assert.equal(await auth.admin.disableAccount(id), false);
    assert.equal(await auth.admin.enableAccount(id), false);
    assert.equal(await auth.admin.deleteAccount(id), false);
    assert.equal(await auth.admin.sendResetMail(id), false);
    assert.equal(await auth.admin.endSessions(id), 0);
    assert.equal(await auth.admin.endSessions(id, "handle"), 0);
    assert.deepEqual(await auth.admin.listSessions(id), []);
    await auth.destroySession(id);
  }
  await assertTrail(world, ["operation_refused"]);
});

test("an invalid session id finds no session", async () => {
  await using world = await createWorld();
  const { auth } = world;
  await auth.registerUser(email, password);
  for (const id of [7, {}, ["a"], true, "", null, undefined] as string[]) {
    assert.equal(await auth.getUserFromSessionId(id), null);
    assert.equal(await auth.logOut(id), false);
    await assert.rejects(auth.sessions.list(id), { code: "not_logged_in" });
    await auth.logIn({ email, password, replaces: id });
  }
});

test("a long detail leaves room for the number of events", async () => {
  await using world = await createWorld();
  for (let i = 0; i < 12; i++) world.auth.audit.recordRejectedRequest("👩".repeat(250), {});
  const [event] = await world.auth.audit.list({ limit: 9 });
  assert.match(event?.detail ?? "", /^(👩){220}, 12 times$/u);
});

/** Makes the database reject the entries of these IP addresses by an error of its own. */
function rejectEntriesOf({ db }: World, ips: readonly string[]): () => number {
  const { add: addEvents } = db.audit;
  let statements = 0;
  db.audit.add = (events) => {
    statements++;
    const withBadEntries = events.map((event) =>
      ips.includes(event.ip ?? "") ? { ...event, event: null as never } : event,
    );
    return addEvents.call(db, withBadEntries);
  };
  return () => statements;
}

const failLogin = (world: World, ip: string) => world.auth.validLogin(email, "wrong", { ip });
const listIps = async (world: World) => (await world.db.audit.list({ limit: 1000 })).map(({ ip }) => ip);
const findDroppedEntries = ({ logEntries }: World) => logEntries.filter(({ event }) => event === "trail_entry_dropped");

test("an entry that cannot be written is dropped alone, and the log says so", async () => {
  await using world = await createWorld();
  const ips = Array.from({ length: 250 }, (_, i) => `192.0.2.${i}`);
  const bad = ["192.0.2.0", "192.0.2.7", "192.0.2.8", "192.0.2.99", "192.0.2.249"];
  const statements = rejectEntriesOf(world, bad);
  for (const ip of ips) await failLogin(world, ip);
  await world.auth.flush();
  assert.deepEqual(
    await listIps(world),
    ips.filter((ip) => !bad.includes(ip)),
  );
  assert.deepEqual(
    findDroppedEntries(world).map(({ level, dropped }) => [level, dropped]),
    bad.map(() => ["error", "login_refused"]),
  );
  assert.ok(statements() < 100, `${statements()} statements`);
  await failLogin(world, "192.0.2.7");
  await world.auth.flush();
  assert.equal(findDroppedEntries(world).length, bad.length + 1, "even if it is the only one");
  await world.auth.flush();
  assert.equal(findDroppedEntries(world).length, bad.length + 1, "and permanently");
});

test("an outage after an entry that cannot be written loses no other entry", async () => {
  await using world = await createWorld();
  rejectEntriesOf(world, ["192.0.2.1"]);
  const { add: addEvents } = world.db.audit;
  let left = 3;
  world.db.audit.add = async (events) => {
    if (left-- <= 0) throw new DatabaseUnavailable("unreachable");
    return addEvents.call(world.db, events);
  };
  const ips = Array.from({ length: 8 }, (_, i) => `192.0.2.${i}`);
  for (const ip of ips) await failLogin(world, ip);
  await world.auth.flush();
  assert.ok((await listIps(world)).length < 7);
  left = Number.POSITIVE_INFINITY;
  await world.auth.flush();
  assert.deepEqual(
    await listIps(world),
    ips.filter((ip) => ip !== "192.0.2.1"),
  );
  assert.equal(findDroppedEntries(world).length, 1);
});

test("a search for text that no address can contain finds no account", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(email, password);
  for (const search of ["\0", "bob\0", "\ud83d", "b".repeat(251)]) {
    assert.deepEqual(await world.auth.admin.listAccounts({ limit: 9, search }), []);
  }
});
