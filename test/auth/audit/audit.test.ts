import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { AuditEvent } from "../../../src/auth/auth.ts";
import { DatabaseUnavailable } from "../../../src/errors.ts";
import { retryWhileUnavailable } from "../../support/databases.ts";
import { test } from "../../support/engines.ts";
import {
  createProductionWorld,
  deliverToken,
  logInForCookies,
  owner,
  registerAndVerify,
  strongPassword,
  verifyEmail,
} from "../../support/production.ts";
import { createWorld, day, form, minute, type World } from "../../support/world.ts";

const firefox = { "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0" };
const from = { ip: "192.0.2.1", headers: firefox };

const listEvents = (world: World) => world.auth.audit.list({ limit: 1000 });
const toTuples = (events: readonly AuditEvent[]) => events.map(({ event, userId, detail }) => [event, userId, detail]);

/** Returns a function that returns the elapsed whole seconds. The trail is written once a second. */
function startStopwatch(): () => number {
  const started = performance.now();
  return () => Math.floor((performance.now() - started) / 1000);
}

/** Runs `act` and returns the events that it causes. */
async function recordedEvents(world: World, act: () => Promise<unknown>) {
  const before = (await listEvents(world)).length;
  await act();
  return toTuples((await listEvents(world)).slice(before));
}

// id: every-attempt
test("every attempt, rejected request and change is recorded with its account, address, device and time", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_DEVICE: "3/15m", LIMIT_MAIL_ACCOUNT: "9/1h" });
  const request = (method: string, path: string, fields: Record<string, string>, cookies = "") =>
    world.request(path, {
      ...(method === "GET" ? {} : form(fields, { method })),
      ...from,
      headers: { ...firefox, Cookie: cookies },
    });
  const { email } = owner;
  const assertEvents = async (expected: unknown[], method: string, path: string, fields = {}, cookies = "") => {
    const events = await recordedEvents(world, () => request(method, path, fields, cookies));
    assert.deepEqual(events, expected, `${method} ${path} ${JSON.stringify(fields)}`);
  };
  await assertEvents([["registration_refused", null, "email_invalid"]], "POST", "/users", {
    email: "bob",
    password: strongPassword,
  });
  await assertEvents([["registration_refused", null, "password_too_short"]], "POST", "/users", {
    email,
    password: "x",
  });
  await assertEvents([["registration_asked", null, null]], "POST", "/users", owner);
  await assertEvents([["login_refused", null, "wrong password"]], "POST", "/sessions", owner);
  await assertEvents([["login_refused", null, "wrong password"]], "POST", "/sessions", { email, password: "wrong" });
  await assertEvents([["login_refused", null, "no email or password"]], "POST", "/sessions", {});
  await assertEvents([["verification_asked", null, null]], "POST", "/email_verification", { email });
  await world.auth.outbox.deliver();
  const token = world.mails.at(-1)?.token ?? "";
  await assertEvents([["verification_refused", null, null]], "PUT", "/email_verification", { ...owner, token: "x" });
  await assertEvents([["email_verified", 1, null]], "PUT", "/email_verification", { ...owner, token });
  await assertEvents([["login_refused", 1, "wrong password"]], "POST", "/sessions", { email, password: "wrong" });
  await assertEvents([["reset_asked", 1, null]], "POST", "/reset_password", { email });
  await assertEvents([["reset_asked", null, null]], "POST", "/reset_password", { email: "nobody@example.com" });
  await assertEvents([["reset_refused", null, null]], "PUT", "/reset_password", { email, reset_token: "x" });
  const reset = { email, reset_token: await deliverToken(world) };
  const short = { ...reset, new_password: "short" };
  await assertEvents([["reset_refused", 1, null]], "PUT", "/reset_password", { ...reset, email: "eve@example.com" });
  await assertEvents([["reset_refused", 1, "password_too_short"]], "PUT", "/reset_password", short);
  await assertEvents([["password_reset", 1, null]], "PUT", "/reset_password", {
    ...reset,
    new_password: strongPassword,
  });
  await assertEvents([["registration_asked", 1, null]], "POST", "/users", owner);
  await assertEvents([["verification_asked", 1, null]], "POST", "/email_verification", { email });
  const cookies = await logInForCookies(world, owner, "", from.ip);
  const own = (expected: unknown[], method: string, path: string, fields = {}) =>
    assertEvents(expected, method, path, fields, cookies);
  const change = { password: strongPassword, new_password: "x" };
  await own([["password_refused", 1, "password_too_short"]], "PUT", "/profile/password", change);
  await own([["account_exported", 1, null]], "GET", "/profile/export");
  await own([["email_change_asked", 1, null]], "PUT", "/profile/email", { email: "new@example.com" });
  await own([["sessions_ended", 1, "all others: 0"]], "DELETE", "/sessions/others");
  world.clock.advance(10 * minute + 1);
  await own([["password_needed", 1, null]], "GET", "/profile/export");
  for (let i = 0; i < 3; i++) {
    await own([["password_refused", 1, null]], "POST", "/sessions/confirm", { password: "wrong" });
  }
  await own([["limited", 1, "loginFromKnownDevice"]], "POST", "/sessions", owner);
  world.clock.advance(15 * minute);
  await own([["logged_out", 1, null]], "DELETE", "/sessions");
  const fresh = await logInForCookies(world, owner, cookies, from.ip);
  await assertEvents(
    [["password_confirmed", 1, null]],
    "POST",
    "/sessions/confirm",
    { password: strongPassword },
    fresh,
  );

  const events = (await listEvents(world)).filter(({ event }) => event !== "logged_in");
  for (const { ip, userAgent, event } of events) {
    assert.deepEqual([ip, userAgent], [from.ip, firefox["User-Agent"]], event);
  }
  const times = events.map(({ at }) => at);
  assert.deepEqual(times, times.toSorted());
  assert.ok(times.every((at) => at >= Date.UTC(2030, 0, 1) && at <= world.clock.now()));
  const last = await recordedEvents(world, async () => {
    await world.auth.admin.disableAccount(1);
    await world.auth.admin.disableAccount(1);
    await world.auth.admin.enableAccount(1);
    await world.auth.admin.sendResetMail(1);
    await world.auth.admin.endSessions(1);
    await world.auth.admin.endSessions(1);
  });
  const detail = "by an operator";
  assert.deepEqual(last, [
    ["account_disabled", 1, detail],
    ["operation_refused", 1, "account_disabled: unchanged, or no such account"],
    ["account_enabled", 1, detail],
    ["reset_asked", 1, detail],
    ["operation_refused", 1, "sessions_ended: no such session, 2 times"],
  ]);
});

test("a write rejected by the HTTP layer is recorded, and a read is not", async () => {
  await using world = await createProductionWorld({ METRICS_TOKEN: "0123456789abcdef" });
  const assertEvents = async (expected: unknown[], path: string, request?: RequestInit) => {
    assert.deepEqual(await recordedEvents(world, () => world.request(path, { ...from, ...request })), expected, path);
  };
  const rejection = (why: string) => [["request_refused", null, why]];
  await assertEvents(
    rejection("cross_site"),
    "/sessions",
    form(owner, { headers: { "Sec-Fetch-Site": "cross-site" } }),
  );
  await assertEvents(rejection("field_repeated"), "/reset_password", {
    method: "POST",
    body: new URLSearchParams("email=a&email=b"),
  });
  await assertEvents(rejection("body_type_unsupported"), "/users", { method: "POST", body: "{}" });
  await assertEvents(rejection("metrics"), "/metrics");
  await assertEvents([], "/metrics", { headers: { Authorization: "Bearer 0123456789abcdef" } });
  await assertEvents([], "/nowhere", form(owner));
  await assertEvents([], "/profile", form(owner));
  await assertEvents([], "/profile");
});

test("a reset token is given only to programs on this machine, and other requests are recorded", async () => {
  await using world = await createWorld();
  const asking = form({ email: owner.email }, { headers: { "X-Forwarded-For": "192.0.2.1" } });
  assert.deepEqual(await recordedEvents(world, () => world.request("/reset_password", asking)), [
    ["request_refused", null, "reset_delivery"],
  ]);
});

// id: nothing-secret
test("neither the trail nor the log contains a secret or an address", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  await world.request("/reset_password", form({ email: owner.email }));
  const token = await deliverToken(world);
  await world.request("/reset_password", form({ email: owner.email, reset_token: "guessed-token" }, { method: "PUT" }));
  const cookies = await logInForCookies(world);
  await world.request("/sessions?token=in-the-query", form({ ...owner, password: "a wrong guess" }));
  await verifyEmail(world, { ...owner, token: "guessed-token" });
  const recorded = JSON.stringify([await listEvents(world), world.logEntries]);
  const secrets = cookies.split("; ").map((pair) => pair.split("=")[1] as string);
  for (const secret of [
    ...secrets,
    token,
    strongPassword,
    owner.email,
    "guessed-token",
    "a wrong guess",
    "in-the-query",
    "$2b$",
  ]) {
    assert.ok(!recorded.includes(secret), secret);
  }
});

// id: flood-is-merged
test("a flood of equal events is one entry with their number, even after the database was unavailable", async () => {
  await using world = await createProductionWorld();
  const guess = () => world.request("/sessions", form({ email: owner.email, password: "" }));
  const seconds = startStopwatch();
  for (let i = 0; i < 500; i++) await guess();
  const flood = toTuples(await listEvents(world));
  assert.ok(flood.length <= 1 + seconds(), `${flood.length} entries`);
  const times = flood.map((each) =>
    Number(/^login_refused,,no email or password, (\d+) times$/.exec(`${each}`)?.[1] ?? 1),
  );
  assert.equal(
    times.reduce((sum, each) => sum + each),
    500,
  );
  world.clock.advance(minute);
  // One caller fails while others succeed: equal events occur while earlier ones are being written.
  const { add: addEvents } = world.db.audit;
  let away = true;
  world.db.audit.add = async (events) => {
    await guess();
    if (away) throw new DatabaseUnavailable("locked");
    return addEvents.call(world.db, events);
  };
  await guess();
  await world.auth.flush();
  away = false;
  await world.auth.flush();
  world.db.audit.add = addEvents;
  const afterwards = toTuples(await listEvents(world)).slice(flood.length);
  assert.deepEqual(afterwards, [
    ["login_refused", null, "no email or password, 2 times"],
    ["login_refused", null, "no email or password"],
  ]);
});

test("while the database is unavailable, no event is lost or reordered, and requests continue", async () => {
  await using world = await createProductionWorld();
  const { add: addEvents } = world.db.audit;
  let writes = 0;
  world.db.audit.add = async () => {
    writes++;
    throw new DatabaseUnavailable("unreachable");
  };
  const failLogin = (i: number) =>
    world.request("/sessions", { ...form({ email: owner.email }), ip: `192.0.${i >> 8}.${i & 255}` });
  const seconds = startStopwatch();
  for (let i = 0; i < 250; i++) assert.equal((await failLogin(i)).status, 401);
  await world.auth.flush();
  for (let i = 250; i < 300; i++) await failLogin(i);
  await world.auth.flush();
  assert.ok(writes >= 2 && writes <= 2 + seconds(), `${writes} writes`);
  assert.ok(world.logEntries.some(({ message }) => message === "could not write the audit trail; retrying later"));
  // The trail retries without being called.
  const written = Promise.withResolvers<void>();
  world.db.audit.add = async (events) => {
    await addEvents.call(world.db, events);
    written.resolve();
  };
  await written.promise;
  const ips = (await listEvents(world)).map(({ ip }) => ip);
  assert.deepEqual(
    ips,
    Array.from({ length: 300 }, (_, i) => `192.0.${i >> 8}.${i & 255}`),
  );
});

test("closing writes pending events", async () => {
  await using world = await createProductionWorld();
  await world.request("/sessions", form({ email: owner.email }));
  await world.auth.close();
  assert.equal((await world.db.audit.list({ limit: 9 })).length, 1);
});

test("entries are kept for EVENTS_KEEP", async () => {
  await using world = await createProductionWorld({ EVENTS_KEEP: "2d" });
  await world.request("/sessions", form({ email: owner.email }));
  await world.auth.flush();
  world.clock.advance(1);
  await world.request("/reset_password", form({ email: "x" }));
  await world.request("/reset_password", form({ email: owner.email }));
  await world.auth.flush();
  world.clock.advance(2 * day - 1);
  assert.equal((await world.auth.admin.sweep()).events, 0);
  world.clock.advance(1);
  assert.equal((await world.auth.admin.sweep()).events, 1);
  assert.deepEqual(toTuples(await listEvents(world)).at(-1), ["reset_asked", null, null]);
  world.clock.advance(1);
  assert.ok((await world.auth.admin.sweep()).events > 0);
  assert.deepEqual(await listEvents(world), []);
});

test("an event written after its account was deleted names no user, address or device", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  await logInForCookies(world);
  await world.auth.flush();
  const { add: addEvents } = world.db.audit;
  const entry = { at: world.clock.now(), event: "logged_in", ip: "192.0.2.1", userAgent: "curl/8", detail: null };
  await addEvents.call(world.db, [{ ...entry, userId: 1 }]);
  assert.partialDeepStrictEqual((await listEvents(world)).at(-1), { userId: 1, ip: "192.0.2.1", userAgent: "curl/8" });
  await world.auth.admin.deleteAccount(1);
  // Behaves like another node that has not written the event yet.
  await addEvents.call(world.db, [
    { ...entry, userId: 1 },
    { ...entry, userId: null },
  ]);
  const events = await listEvents(world);
  const personal = events.filter(({ userId, ip, event }) => userId !== null || (ip !== null && event === "logged_in"));
  assert.deepEqual(
    personal.map(({ id: _, ...rest }) => rest),
    [{ ...entry, userId: null }],
  );
});

// id: large-trail-erased
test("an account with very many events is deleted, and none of them identifies it", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const entry = { at: world.clock.now(), event: "limited", userId: 1, ip: "192.0.2.1", userAgent: "x", detail: null };
  const entries = Array.from({ length: 100 }, () => entry);
  for (let i = 0; i < 27; i++) await retryWhileUnavailable(() => world.db.audit.add(entries));
  let hasYielded = false;
  setImmediate(() => {
    hasYielded = true;
  });
  assert.equal(await retryWhileUnavailable(() => world.auth.admin.deleteAccount(1)), true);
  assert.ok(hasYielded, "the deletion lets other requests run");
  const events = await world.db.audit.list({ limit: 5000 });
  assert.ok(events.length > 2700);
  assert.deepEqual(
    events.filter(({ userId, event, ip }) => userId !== null || (event === "limited" && ip !== null)),
    [],
  );
});

test("docs/operating.md describes all events, and no others", async () => {
  const read = (path: string) => readFile(new URL(`../../../${path}`, import.meta.url), "utf8");
  const [, union = ""] = /export type EventName =\n([^;]+);/.exec(await read("src/auth/audit/events.ts")) ?? [];
  const names = [...union.matchAll(/"(\w+)"/g)].map(([, name]) => name);
  const rows = [...(await read("docs/operating.md")).matchAll(/^\| `(\w+)` \| (.+) \|$/gm)];
  assert.ok(names.length > 20);
  assert.deepEqual(
    rows.map(([, name]) => name),
    names,
  );
  for (const [, name, meaning] of rows) assert.match(meaning ?? "", /\w{3} \w/, name);
});

test("a flood from one network is one entry, whatever its User-Agent", async () => {
  await using world = await createProductionWorld();
  for (let i = 0; i < 50; i++) {
    const headers = { "User-Agent": `invented ${i}` };
    await world.request("/sessions", { ...form({ email: owner.email }, { headers }), ip: `2001:db8::${i}` });
  }
  const [entry, ...more] = await listEvents(world);
  assert.deepEqual(more, []);
  assert.partialDeepStrictEqual(entry, {
    ip: "2001:db8::0",
    userAgent: "invented 0",
    detail: "no email or password, 50 times",
  });
});
