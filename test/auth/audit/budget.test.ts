import assert from "node:assert/strict";
import type { AuditEvent, Caller } from "../../../src/auth/auth.ts";
import { AuthError, DatabaseUnavailable } from "../../../src/errors.ts";
import { test } from "../../support/engines.ts";
import {
  createProductionWorld,
  logInForCookies,
  owner,
  registerAndVerify,
  strongPassword,
} from "../../support/production.ts";
import { createWorld, day, form, hour, type World } from "../../support/world.ts";

const listEvents = (world: World) => world.auth.audit.list({ limit: 100_000 });

/** Returns the number of events that these entries count. */
function countEvents(events: readonly Pick<AuditEvent, "detail">[]): number {
  const each = events.map(({ detail }) => Number(/(\d+) times$/.exec(detail ?? "")?.[1] ?? 1));
  return each.reduce((sum, count) => sum + count, 0);
}

const isMerged = ({ detail }: Pick<AuditEvent, "detail">) => /^merged\b/.test(detail ?? "");

/** Up to 65,536 different IPv4 addresses and networks of each size. */
const ipv4 = (i: number) => `198.${18 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;
const ipIn64 = (i: number) => `2001:db8:1:${i.toString(16)}::1`;
const ipIn56 = (i: number) => `2001:db8:${(i >> 8).toString(16)}:${((i & 255) << 8).toString(16)}::1`;
const ipIn48 = (i: number) => `2001:db8:${i.toString(16)}::1`;

/** Records rejected requests, and writes the trail after every 2,500. */
async function recordRejected(
  world: World,
  count: number,
  from: (i: number) => Caller,
  getReason = (_: number) => "cross_site",
) {
  for (let i = 0; i < count; i++) {
    world.auth.audit.recordRejectedRequest(getReason(i), from(i));
    if (i % 2500 === 2499) await world.auth.flush();
  }
}

const ignoreAuthError = (error: unknown) => {
  if (!(error instanceof AuthError)) throw error;
};

// id: one-network-bounded
test("20,000 rejected requests from as many /64s of one /48 make at most a hundred entries, and all are counted", async () => {
  await using world = await createWorld();
  await recordRejected(world, 20_000, (i) => ({ ip: ipIn64(i), userAgent: `invented ${i}` }));
  const events = await listEvents(world);
  assert.ok(events.length <= 100, `${events.length}`);
  assert.equal(countEvents(events), 20_000);
  assert.equal(events[0]?.ip, ipIn64(0), "the first are not merged");
  const [merged, ...more] = events.filter(isMerged).filter(({ ip }) => ip?.endsWith("/48"));
  assert.deepEqual([merged?.ip, merged?.userId, merged?.userAgent], ["2001:db8:1::/48", null, null]);
  assert.deepEqual(more, []);
  await recordRejected(
    world,
    100,
    () => ({ ip: "2001:db8:2::1" }),
    (i) => `another ${i}`,
  );
  assert.ok(
    (await listEvents(world)).some(({ ip }) => ip === "2001:db8:2::1"),
    "the next network has room too",
  );
});

test("every network has room for a few entries, and the rest of its flood is counted", async () => {
  for (const [ip, most] of [
    ["192.0.2.1", 22],
    ["2001:db8::1", 22],
    [undefined, 82],
    ["no address", 82],
  ] as const) {
    await using world = await createWorld();
    await recordRejected(
      world,
      3000,
      (i) => ({ ip, userAgent: `${i}` }),
      (i) => `reason ${i}`,
    );
    const events = await listEvents(world);
    assert.ok(events.length <= most, `${ip}: ${events.length}`);
    assert.equal(countEvents(events), 3000);
  }
  await using world = await createWorld();
  await recordRejected(
    world,
    3000,
    (i) => ({ ip: `2001:db8:1:100:${i.toString(16)}::` }),
    (i) => `reason ${i}`,
  );
  await recordRejected(world, 3000, (i) => ({
    ip: `2001:db8:1:${(0x200 + (i & 255)).toString(16)}::${i.toString(16)}`,
  }));
  const events = await listEvents(world);
  const of56 = events.filter(({ ip }) => ip?.startsWith("2001:db8:1:2"));
  assert.ok(of56.length <= 42, `${of56.length}`);
  assert.deepEqual(
    new Set(events.filter(isMerged).map(({ ip }) => ip)),
    new Set(["2001:db8:1:100::/64", "2001:db8:1:200::/56"]),
  );
  assert.equal(countEvents(events), 6000);
});

// id: all-networks-bounded
test("a thousand networks, or any other number, make a bounded number of entries a day", async () => {
  await using world = await createWorld();
  await recordRejected(
    world,
    30_000,
    (i) => ({ ip: ipv4(i % 1000) }),
    (i) => `reason ${i}`,
  );
  const events = await listEvents(world);
  assert.ok(events.length <= 6001, `${events.length}`);
  assert.equal(countEvents(events), 30_000);
  const networks = new Set(events.map(({ ip }) => ip));
  assert.equal(networks.size, 1000, "each network is named");
  await recordRejected(world, 5000, (i) => ({ ip: ipv4(1000 + i) }));
  await recordRejected(world, 5000, (i) => ({ ip: ipIn48(i) }));
  await recordRejected(world, 5000, (i) => ({ ip: ipIn56(i) }));
  await recordRejected(world, 5000, (i) => ({ ip: ipIn64(i) }));
  const all = await listEvents(world);
  assert.ok(all.length <= 10_001, `${all.length}`);
  assert.equal(countEvents(all), 50_000);
  const last = all.at(-1);
  assert.deepEqual([last?.ip, last?.userId, isMerged(last as AuditEvent)], [null, null, true]);
  world.clock.advance(day);
  await recordRejected(
    world,
    1,
    () => ({ ip: ipv4(1) }),
    () => "tomorrow",
  );
  assert.equal((await listEvents(world)).at(-1)?.detail, "tomorrow");
});

test("listing the trail repeatedly adds no entries during a flood", async () => {
  await using world = await createWorld();
  for (let i = 0; i < 300; i++) {
    world.auth.audit.recordRejectedRequest(`reason ${i}`, { ip: "192.0.2.1" });
    await world.auth.flush();
  }
  const events = await listEvents(world);
  assert.ok(events.length <= 22, `${events.length}`);
  assert.equal(countEvents(events), 300);
});

test("the entries of every kind of rejected request are bounded", async () => {
  await using world = await createProductionWorld({
    LIMIT_REGISTRATION_NETWORK: "100000/1h",
    LIMIT_LOGIN_NETWORK: "100000/1h",
  });
  const { auth } = world;
  const kinds: Record<string, (i: number, caller: Caller) => unknown> = {
    login_refused: (i, caller) => auth.logIn({ email: `${i}@example.com`, password: "" }, caller),
    registration_refused: (i, caller) => auth.account.register(`${i}@example.com`, "short", caller),
    reset_refused: (i, caller) => auth.resetPassword.request(`not an address ${i}`, caller),
    verification_refused: (i, caller) => auth.verifyEmail.request(`not an address ${i}`, caller),
    request_refused: (i, caller) => auth.audit.recordRejectedRequest(`reason ${i}`, caller),
    reset_asked: (i, caller) => auth.resetPassword.request(`${i}@example.com`, caller),
    verification_asked: (i, caller) => auth.verifyEmail.request(`${i}@example.com`, caller),
    email_undo_refused: (i, caller) => auth.undoEmailChange.undo(`${i}`, undefined, caller),
    operation_refused: (i) => auth.admin.disableAccount(i + 1),
  };
  for (const [name, attempt] of Object.entries(kinds)) {
    world.clock.advance(day);
    const before = (await listEvents(world)).length;
    for (let i = 0; i < 400; i++) await Promise.resolve(attempt(i, { ip: ipIn64(i) })).catch(ignoreAuthError);
    const events = (await listEvents(world)).slice(before).filter(({ event }) => event === name);
    if (name === "operation_refused") assert.equal(events.length, 400, "each names a different account");
    else assert.ok(events.length > 20 && events.length <= 100, `${name}: ${events.length}`);
  }
});

test("a login rejected by a network's limit names no account, whether it exists or not", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_NETWORK: "1/15m" });
  await registerAndVerify(world);
  const login = (email: string, i: number) =>
    world.request("/sessions", {
      ...form({ email, password: `${i}` }, { headers: { "User-Agent": `${i}` } }),
      ip: "203.0.113.1",
    });
  await login("nobody@example.com", 0);
  const before = (await listEvents(world)).length;
  for (let i = 0; i < 300; i++) {
    const email = i % 3 === 0 ? owner.email : `${i}@example.com`;
    assert.equal((await login(email, i)).status, 429);
    if (i % 10 === 0) await world.auth.flush();
  }
  const events = (await listEvents(world)).slice(before);
  assert.ok(events.length <= 22, `${events.length}`);
  assert.equal(countEvents(events), 300);
  for (const { event, userId, detail } of events) {
    assert.deepEqual([event, userId], ["limited", null]);
    assert.match(detail ?? "", /^(login|merged)(, \d+ times)?$/);
  }
});

// id: refused-logins-seen
test("an account's trail has the number of its rejected logins, whatever else is flooded", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  await recordRejected(world, 12_000, (i) => ({ ip: ipv4(i) }));
  const headers = { Cookie: await logInForCookies(world) };
  for (let i = 0; i < 300; i++) {
    await world.request("/sessions", { ...form({ ...owner, password: "wrong" }), ip: ipv4(i) });
    if (i % 30 === 0) await world.auth.flush();
  }
  const { events } = (await (await world.request("/profile/export", { headers })).json()) as { events: AuditEvent[] };
  const refusals = events.filter(({ event }) => event === "login_refused" || event === "limited");
  assert.equal(countEvents(refusals), 300);
  assert.ok(refusals.length <= 10 + 32, `${refusals.length}`);
  assert.deepEqual(
    events.filter(({ event }) => event === "logged_in" || event === "account_exported").map(({ ip }) => ip),
    ["127.0.0.1", "127.0.0.1"],
  );
});

test("rejected requests of a logged-in user are bounded too, and hide no change", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const headers = { Cookie: await logInForCookies(world) };
  world.clock.advance(hour);
  const endOthers = () => world.request("/sessions/others", { method: "DELETE", headers });
  for (let i = 0; i < 100; i++) {
    await world.request("/profile/export", { headers, ip: ipIn64(i) });
    await endOthers();
    await world.auth.flush();
  }
  for (let i = 0; i < 3; i++) await logInForCookies(world);
  await endOthers();
  const events = await listEvents(world);
  const named = (name: string) => events.filter(({ event }) => event === name);
  for (const name of ["password_needed", "sessions_ended"]) {
    assert.ok(named(name).length <= 33, `${name}: ${named(name).length}`);
    assert.equal(countEvents(named(name)), name === "sessions_ended" ? 101 : 100);
  }
  assert.equal(named("sessions_ended").at(-1)?.detail, "all others: 3");
  assert.equal(named("logged_in").length, 4);
});

// id: changes-kept
test("each change has an entry, even if the trail is full and the database unavailable", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  await world.auth.flush();
  const { add, addOrUpdate } = world.db.audit;
  const away = async () => {
    throw new DatabaseUnavailable("unreachable");
  };
  Object.assign(world.db.audit, { add: away, addOrUpdate: away });
  for (let i = 0; i < 20_000; i++) world.auth.audit.recordRejectedRequest(`reason ${i}`, { ip: ipv4(i) });
  await world.auth.flush();
  for (let i = 0; i < 50; i++) {
    const headers = { Cookie: await logInForCookies(world) };
    await world.request("/sessions", { method: "DELETE", headers });
    if (i % 10 === 0) await world.auth.flush();
  }
  await recordRejected(world, 5000, (i) => ({ ip: ipIn48(i) }));
  Object.assign(world.db.audit, { add, addOrUpdate });
  const events = await listEvents(world);
  for (const name of ["logged_in", "logged_out"]) {
    const acts = events.filter(({ event }) => event === name);
    assert.equal(acts.length, 50, name);
    for (const { userId, ip, detail } of acts) assert.deepEqual([userId, ip, detail], [1, "127.0.0.1", null]);
  }
  const refusals = events.filter(({ event }) => event === "request_refused");
  assert.equal(countEvents(refusals), 25_000);
  assert.ok(refusals.length <= 10_001, `${refusals.length}`);
});

// id: log-bounded
test("the log contains the first lines of a flood, and the number of omitted lines", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  await recordRejected(world, 1000, () => ({ ip: "192.0.2.1" }));
  await recordRejected(world, 2000, (i) => ({ ip: ipIn64(i) }));
  await recordRejected(world, 12_000, (i) => ({ ip: ipv4(i) }));
  await logInForCookies(world);
  await world.auth.flush();
  const entriesOf = (name: string) => world.logEntries.filter(({ event }) => event === name);
  const lines = entriesOf("request_refused");
  assert.equal(lines.filter(({ ip }) => ip === "192.0.2.1").length, 200);
  assert.equal(lines.filter(({ ip }) => `${ip}`.includes(":")).length, 800);
  assert.ok(lines.length <= 10_000, `${lines.length}`);
  const left = entriesOf("refusals_unlogged").reduce((sum, { count }) => sum + Number(count), 0);
  assert.equal(lines.length + left, 15_000);
  const hidden = { email: "nobody@example.com", password: "" };
  for (let i = 0; i < 3; i++) await world.request("/sessions", { ...form(hidden), ip: "203.0.113.1" });
  await world.auth.flush();
  assert.deepEqual(
    entriesOf("refusals_unlogged").at(-1)?.events,
    { login_refused: 3 },
    "a flood hides no other rejected requests",
  );
  assert.equal(entriesOf("logged_in").length, 1);
  world.clock.advance(hour);
  await recordRejected(world, 1, () => ({ ip: "192.0.2.1" }));
  assert.equal(entriesOf("request_refused").length, lines.length + 1);
});

test("no merged entry names a deleted account", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const wrong = (i: number) =>
    world.request("/sessions", { ...form({ ...owner, password: strongPassword + i }), ip: ipIn64(i) });
  for (let i = 0; i < 100; i++) await wrong(i);
  const about = (await listEvents(world)).filter(({ userId }) => userId === 1);
  assert.ok(about.some(isMerged));
  const headers = { Cookie: "" };
  for (let i = 0; i < 50; i++) await wrong(i);
  assert.equal(await world.auth.admin.deleteAccount(1), true);
  for (let i = 0; i < 50; i++) await world.request("/sessions", { ...form(owner, { headers }), ip: ipIn64(i) });
  const merged = (await listEvents(world)).filter(({ id }) => about.some((each) => each.id === id));
  for (const { userId, ip, userAgent } of merged) assert.deepEqual([userId, ip, userAgent], [null, null, null]);
});

test("all requests rejected while the service is busy are counted", async () => {
  await using world = await createWorld();
  const { admission } = world.auth;
  let rejections = 0;
  for (let i = 0; i < 200; i++) {
    for (let count = 0; count <= i % 3; count++, rejections++) admission.countRejection();
    admission.flush();
    await world.auth.flush();
  }
  const events = await listEvents(world);
  assert.ok(events.length <= 81, `${events.length}`);
  assert.equal(countEvents(events), rejections);
});

test("registrations of an account's address that are not stored do not flood its trail", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  world.clock.advance(day);
  const before = (await listEvents(world)).length;
  for (let i = 0; i < 200; i++) {
    const { status } = await world.request("/users", {
      ...form({ ...owner, password: `${strongPassword}${i}` }),
      ip: ipv4(i),
    });
    assert.equal(status, 200);
    if (i % 20 === 0) await world.auth.flush();
  }
  const events = (await listEvents(world)).slice(before).filter(({ userId }) => userId === 1);
  const registrations = events.filter(({ event }) => event === "registration_asked");
  assert.ok(registrations.length <= 5 + 31, `${registrations.length}`);
  assert.equal(countEvents(registrations), 200);
  assert.ok(events.length <= 5 + 2 * 31, `${events.length}`);
});
