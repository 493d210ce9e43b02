import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseUnavailable } from "../../src/errors.ts";
import { respondWithCounts, startBreachServer } from "../support/breach-server.ts";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  deliverToken,
  logInForCookies,
  owner,
  registerAndVerify,
  strongPassword,
  verifyEmail,
} from "../support/production.ts";
import { assertRejected, multipart, withJson } from "../support/steps.ts";
import { form, hour, minute, type World } from "../support/world.ts";

const wrongLogin = { ...owner, password: "a wrong Password" };

/** Sends this many logins at the same time, and counts the responses by status. */
async function countGuesses(
  world: World,
  times: number,
  fields = wrongLogin,
  more: object = {},
): Promise<Record<number, number>> {
  const statuses = await Promise.all(
    Array.from({ length: times }, async () => (await world.request("/sessions", { ...form(fields), ...more })).status),
  );
  return Object.fromEntries(
    Object.entries(Object.groupBy(statuses, String)).map(([status, all]) => [status, all?.length ?? 0]),
  );
}

/** Returns a client address in a different network for each number. */
const fromNetwork = (i: number) => ({ ip: `198.51.${i >> 8}.${i & 255}` });

/** Logs in, and retries after a 503. Adds every response to the list. */
async function logInUntilCounted(
  world: World,
  fields: typeof wrongLogin,
  i: number,
  responses: Response[] = [],
): Promise<Response> {
  const response = await world.request("/sessions", { ...form(fields), ...fromNetwork(i) });
  responses.push(response);
  if (response.status !== 503) return response;
  await sleep(20);
  return logInUntilCounted(world, fields, i, responses);
}

// id: ten-guesses
test("10 of 200 simultaneous guesses at an address are checked, with or without an account", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  for (const email of [owner.email, "nobody@example.com"]) {
    const responses: Response[] = [];
    await Promise.all(
      Array.from({ length: 200 }, (_, i) => logInUntilCounted(world, { ...wrongLogin, email }, i, responses)),
    );
    const count = (expected: number) => responses.filter(({ status }) => status === expected).length;
    // If the database is busy, a guess can be checked and counted, and still get a 503.
    assert.ok(count(401) <= 10 && count(401) + count(503) >= 10, `${count(401)} and ${count(503)}`);
    assert.equal(count(401) + count(429), 200);
    const rejected = responses.find(({ status }) => status === 429) as Response;
    assert.equal(rejected.headers.get("Retry-After"), "900");
    await assertRejected(rejected, 429, /^too many attempts; try again in 15 minutes$/);
  }
  assert.equal((await world.request("/sessions", { ...form(owner), ...fromNetwork(999) })).status, 429);
  world.clock.advance(15 * minute);
  await logInForCookies(world);
});

test("the error message names the wait in seconds, minutes, hours or days", async () => {
  for (const [window, wait, elapsed, remaining] of [
    ["90s", "90 seconds", "31s", "59 seconds"],
    ["5m", "5 minutes", "270s", "30 seconds"],
    ["24h", "24 hours", "84600s", "30 minutes"],
    ["1440m", "24 hours", "23h", "1 hour"],
    ["7d", "7 days", "6d", "24 hours"],
  ] as const) {
    await using world = await createProductionWorld({ LIMIT_LOGIN_ACCOUNT: `1/${window}` });
    const login = () => world.request("/sessions", form(wrongLogin));
    assert.equal((await login()).status, 401);
    await assertRejected(login(), 429, new RegExp(`^too many attempts; try again in ${wait}$`));
    const { s, m, h, d } = { s: 1000, m: minute, h: hour, d: 24 * hour };
    world.clock.advance(Number.parseInt(elapsed, 10) * { s, m, h, d }[elapsed.at(-1) as "s"]);
    await assertRejected(login(), 429, new RegExp(`^too many attempts; try again in ${remaining}$`));
  }
});

// id: hundred-by-network
test("a network has 100 wrong logins, however many accounts they are for, and a successful login resets none of them", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  for (let i = 0; i < 99; i++) {
    assert.deepEqual(await countGuesses(world, 1, { ...wrongLogin, email: `${i}@example.com` }), { 401: 1 });
  }
  await logInForCookies(world);
  await logInForCookies(world);
  assert.deepEqual(await countGuesses(world, 1, { ...wrongLogin, email: "x@example.com" }), { 401: 1 });
  assert.deepEqual(await countGuesses(world, 1, { ...wrongLogin, email: "y@example.com" }), { 429: 1 });
  assert.deepEqual(await countGuesses(world, 1, { ...wrongLogin, email: "y@example.com" }, { ip: "192.0.2.9" }), {
    401: 1,
  });
});

// id: every-spelling
test("all spellings of an address and all forms of a request count toward the same limit", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const { email, password } = wrongLogin;
  const spellings: (() => Promise<Response>)[] = [
    () => world.request("/sessions", form({ email: "BOB@Example.com", password })),
    () => world.request("/sessions", form({ email: "  bob@example.com\t", password })),
    () => world.request("/sessions", form({ email: "bob+1@example.com", password })),
    () => world.request("/sessions", form({ email: "Bob+other+tag@example.com", password })),
    () => world.request("/sessions?email=x", form({ email, password, more: "field" })),
    () => world.request("/sessions", withJson({ email, password, session_id: "x" })),
    () => world.request("/sessions", multipart(Object.entries(wrongLogin))),
    () =>
      world.request(
        "/sessions",
        form(wrongLogin, { headers: { "X-Forwarded-For": "203.0.113.7", Forwarded: "for=203.0.113.8" } }),
      ),
    () =>
      world.request(
        "/sessions",
        form(wrongLogin, { headers: { "X-Real-IP": "203.0.113.9", Cookie: "__Host-device_id=planted" } }),
      ),
    () => world.request("/sessions", form(wrongLogin, { headers: { Cookie: `__Host-device_id=${"d".repeat(43)}` } })),
  ];
  for (const spelling of spellings) assert.equal((await spelling()).status, 401);
  for (const spelling of spellings) assert.equal((await spelling()).status, 429);
  assert.equal((await world.request("//sessions", form(wrongLogin))).status, 429);
  for (const lookAlike of ["bób@example.com", "ｂob@example.com", "bob@example.com,eve@example.com"]) {
    assert.equal((await world.request("/sessions", form({ email: lookAlike, password }))).status, 401);
  }
});

// id: gmail-dots
test("Gmail addresses that differ only in dots share one limit", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_ACCOUNT: "2/15m" });
  for (const email of ["bob.smith@gmail.com", "bobsmith@googlemail.com"]) {
    assert.deepEqual(await countGuesses(world, 1, { ...wrongLogin, email }), { 401: 1 });
  }
  assert.deepEqual(await countGuesses(world, 1, { ...wrongLogin, email: "b.o.b.smith+x@gmail.com" }), { 429: 1 });
  assert.deepEqual(await countGuesses(world, 1, { ...wrongLogin, email: "b.o.b.smith@example.com" }), { 401: 1 });
});

// id: ipv6-network
test("the addresses of an IPv6 /64 are one network", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_NETWORK: "2/15m" });
  const from = (ip: string, email: string) => countGuesses(world, 1, { ...wrongLogin, email }, { ip });
  assert.deepEqual(await from("2001:db8::1", "a@example.com"), { 401: 1 });
  assert.deepEqual(await from("2001:db8:0:0:ffff::2", "b@example.com"), { 401: 1 });
  assert.deepEqual(await from("2001:0DB8::3", "c@example.com"), { 429: 1 });
  assert.deepEqual(await from("2001:db8:0:1::1", "c@example.com"), { 401: 1 });
});

// id: owner-not-locked-out
test("an attacker cannot lock the owner out of a known device", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const cookies = await logInForCookies(world);
  assert.match(cookies, /^__Host-session_id=[^;]+; __Host-device_id=[\w-]{43}$/);
  const device = cookies.split("; ")[1] as string;
  for (let i = 0; i < 10; i++) await world.request("/sessions", { ...form(wrongLogin), ...fromNetwork(i) });
  assert.equal((await world.request("/sessions", form(owner))).status, 429);
  const newCookies = await logInForCookies(world, owner, device);
  assert.equal(newCookies.split("; ")[1], device, "the device keeps its cookie");
  // The device has its own limit of ten attempts.
  const headers = { Cookie: device };
  for (let i = 0; i < 10; i++) {
    assert.equal((await world.request("/sessions", form(wrongLogin, { headers }))).status, 401);
  }
  assert.equal((await world.request("/sessions", form(owner, { headers }))).status, 429);
  // For another account, the device is unknown.
  await registerAndVerify(world, { ...owner, email: "eve@example.com" });
  for (let i = 0; i < 10; i++) {
    await world.request("/sessions", { ...form({ ...wrongLogin, email: "eve@example.com" }), ...fromNetwork(i) });
  }
  assert.equal(
    (await world.request("/sessions", form({ ...owner, email: "eve@example.com" }, { headers }))).status,
    429,
  );
});

test("a known device is recognized among the first five device cookies, and keeps its cookie", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const device = (await logInForCookies(world)).split("; ")[1] as string;
  for (let i = 0; i < 10; i++) await world.request("/sessions", { ...form(wrongLogin), ...fromNetwork(i) });
  const unknownDevices = (count: number) =>
    Array.from({ length: count }, (_, i) => `__Host-device_id=${String(i).repeat(43)}`).join("; ");
  const status = async (Cookie: string) =>
    (await world.request("/sessions", form(wrongLogin, { headers: { Cookie } }))).status;
  for (const Cookie of [
    `${unknownDevices(4)}; ${device}`,
    `${device}; ${unknownDevices(4)}`,
    `__Host-device_id=x; ${device}`,
  ]) {
    assert.equal(await status(Cookie), 401);
    assert.ok((await logInForCookies(world, owner, Cookie)).endsWith(`; ${device}`), "the known device is kept");
  }
  assert.equal(await status(`${unknownDevices(5)}; ${device}`), 429, "only five device cookies are checked");
  assert.equal(await status(unknownDevices(5)), 429);
  const { id } = await world.db.findUserBy({ email: owner.email });
  assert.equal((await world.db.devices.list(id)).length, 1, "no unknown device is remembered");
  const [session = ""] = (await logInForCookies(world, owner, device)).split("; ");
  const change = form(
    { password: strongPassword, new_password: `${strongPassword}!` },
    { method: "PUT", headers: { Cookie: `${session}; ${unknownDevices(4)}; ${device}` } },
  );
  assert.equal((await world.request("/profile/password", change)).status, 200);
  assert.ok(await world.db.devices.isKnown(device.split("=")[1] as string, id));
});

// id: hundred-in-a-row
test("after a long streak of wrong passwords, only a known device can log in until the password is reset", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_STREAK: "12" });
  await registerAndVerify(world);
  const device = (await logInForCookies(world)).split("; ")[1] as string;
  for (let i = 0; i < 12; i++) {
    if (i === 10) world.clock.advance(15 * minute);
    assert.equal((await world.request("/sessions", { ...form(wrongLogin), ...fromNetwork(i) })).status, 401);
  }
  world.clock.advance(24 * hour);
  const response = await world.request("/sessions", form(owner));
  assert.equal(response.headers.get("Retry-After"), "86400");
  await assertRejected(response, 429, /^too many wrong passwords in a row; reset the password$/);
  await logInForCookies(world, owner, device);
  assert.equal((await world.request("/sessions", form(owner))).status, 429, "other devices stay locked out");
  await deliverMails(world);
  await world.request("/reset_password", form({ email: owner.email }));
  const reset = { email: owner.email, reset_token: await deliverToken(world), new_password: `${strongPassword}!` };
  assert.equal((await world.request("/reset_password", form(reset, { method: "PUT" }))).status, 200);
  await logInForCookies(world, { ...owner, password: `${strongPassword}!` });
});

test("a correct password ends the streak of wrong ones", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_STREAK: "3" });
  await registerAndVerify(world);
  for (let i = 0; i < 5; i++) {
    await countGuesses(world, 2);
    await logInForCookies(world);
    world.clock.advance(15 * minute);
  }
});

// id: told-of-second-device
test("the second device of an account causes an email, the first does not", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const windows = { "User-Agent": "Mozilla/5.0 (Windows NT 10.0) <b>evil</b> Gecko/20100101 Firefox/140.0" };
  await logInForCookies(world);
  assert.deepEqual(await deliverMails(world), []);
  await world.request("/sessions", form(owner, { headers: windows }));
  const [mail, ...more] = await deliverMails(world);
  assert.deepEqual(
    [mail?.kind, mail?.to, mail?.device],
    ["new_device", owner.email, { browser: "Firefox", system: "Windows" }],
  );
  assert.deepEqual(more, []);
});

test("a program that keeps no cookies causes one email per hour, and at most 50 known devices", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const deliverNotices = async () => (await deliverMails(world)).map(({ kind, times }) => [kind, times]);
  for (let i = 0; i < 2; i++) await logInForCookies(world);
  assert.deepEqual(await deliverNotices(), [["new_device", 1]]);
  for (let i = 0; i < 58; i++) await logInForCookies(world);
  assert.deepEqual(await deliverNotices(), []);
  world.clock.advance(hour);
  assert.deepEqual(await deliverNotices(), [["new_device", 58]]);
  const { id } = (await world.auth.admin.findAccount(owner.email)) ?? { id: 0 };
  assert.equal((await world.db.devices.list(id)).length, 50);
  world.clock.advance(24 * hour);
  await logInForCookies(world);
  assert.equal((await deliverMails(world)).length, 1);
});

test("the breach API is not called for registrations beyond the limit of the network", async () => {
  await using server = await startBreachServer(respondWithCounts({}));
  await using world = await createProductionWorld({ PASSWORD_BREACH_CHECK: server.url });
  for (let i = 0; i < 23; i++) await world.request("/users", { ...form({ ...owner, email: `${i}@example.com` }) });
  assert.equal(server.requests.length, 20);
});

// id: registrations-mails-redemptions
test("registrations and emails are limited by address and by network, failed redemptions by network", async () => {
  await using world = await createProductionWorld();
  const countResponses = async (times: number, request: (i: number) => Promise<Response>) => {
    let limited = 0;
    for (let i = 0; i < times; i++) if ((await request(i)).status === 429) limited++;
    return [times - limited, limited];
  };
  const register = (email: string, ip: string) => world.request("/users", { ...form({ ...owner, email }), ip });
  const deliverKinds = async () => (await deliverMails(world)).map(({ kind }) => kind);
  assert.deepEqual(
    await countResponses(8, (i) => register(owner.email, `192.0.2.${i}`)),
    [8, 0],
    "responses do not reveal the requests of others",
  );
  assert.deepEqual(await deliverKinds(), Array(5).fill("confirm_email"));
  assert.deepEqual(await countResponses(25, (i) => register(`${i}@example.com`, "203.0.113.1")), [20, 5]);
  await deliverMails(world);
  const requestMail = (path: string, email: string, ip: string) => world.request(path, { ...form({ email }), ip });
  const paths = ["/reset_password", "/email_verification"];
  for (const path of paths) {
    const sent: unknown[] = [];
    for (let i = 0; i < 8; i++) {
      assert.deepEqual(await countResponses(1, () => requestMail(path, owner.email, `192.0.2.${i}`)), [1, 0]);
      sent.push(...(await deliverKinds()));
      world.clock.advance(11_000);
    }
    assert.equal(sent.length, 5, path);
  }
  assert.deepEqual(
    await countResponses(25, (i) => requestMail(paths[i % 2] as string, `m${i}@example.com`, "203.0.113.1")),
    [20, 5],
  );
  const redeem = (i: number) =>
    i % 2 === 0
      ? world.request(
          "/reset_password",
          form({ email: owner.email, reset_token: "x", new_password: strongPassword }, { method: "PUT" }),
        )
      : verifyEmail(world, { ...owner, token: "x" });
  assert.deepEqual(await countResponses(33, redeem), [30, 3]);
  world.clock.advance(hour);
  assert.deepEqual(await countResponses(2, () => register(owner.email, "203.0.113.1")), [2, 0]);
});

test("successful requests and passwords that break the policy do not count as attempts", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_ACCOUNT: "1/15m", LIMIT_REDEMPTION_NETWORK: "1/15m" });
  await registerAndVerify(world);
  await deliverMails(world);
  await world.request("/reset_password", form({ email: owner.email }));
  const redemption = { email: owner.email, reset_token: await deliverToken(world) };
  const redeem = (new_password: string) =>
    world.request("/reset_password", form({ ...redemption, new_password }, { method: "PUT" }));
  for (let i = 0; i < 3; i++) await assertRejected(redeem("short"), 400);
  assert.equal((await redeem(strongPassword)).status, 200);
  for (let i = 0; i < 3; i++) await logInForCookies(world);
});

// id: owner-gets-reset
test("verification and email change requests of an attacker do not prevent the owner's password reset", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const eve = { ...owner, email: "eve@example.com" };
  await registerAndVerify(world, eve);
  const cookies = await logInForCookies(world, eve);
  const requestStatus = async (path: string, init: object) => (await world.request(path, init)).status;
  const fields = { email: owner.email };
  for (let i = 0; i < 6; i++) {
    const expected = i < 5 ? 200 : 429;
    assert.equal(await requestStatus("/email_verification", { ...form(fields), ...fromNetwork(i) }), 200);
    const emailChange = form(fields, { method: "PUT", headers: { Cookie: cookies } });
    assert.equal(await requestStatus("/profile/email", { ...emailChange, ...fromNetwork(i) }), expected);
  }
  await deliverMails(world);
  await world.request("/reset_password", form(fields));
  const reset = { ...fields, reset_token: await deliverToken(world), new_password: `${strongPassword}!` };
  assert.equal(await requestStatus("/reset_password", form(reset, { method: "PUT" })), 200);
});

test("simultaneous email changes of an account from many networks are limited to five an hour, with one notice each", async () => {
  await using world = await createProductionWorld();
  const changeEmails = async () => {
    await registerAndVerify(world);
    const headers = { Cookie: await logInForCookies(world) };
    await deliverMails(world);
    const changeEmail = async (_: unknown, i: number) =>
      world.request("/profile/email", {
        ...form({ email: `${i}@example.net` }, { method: "PUT", headers }),
        ...fromNetwork(i),
      });
    const responses = await Promise.all(Array.from({ length: 8 }, changeEmail));
    return responses.map(({ status }) => status).toSorted();
  };
  const fiveAccepted = [200, 200, 200, 200, 200, 429, 429, 429];
  assert.deepEqual(await changeEmails(), fiveAccepted);
  const notices = (await deliverMails(world)).filter(({ kind }) => kind === "email_changing");
  assert.deepEqual(
    notices.map(({ to }) => to),
    Array(5).fill(owner.email),
  );
  await world.auth.admin.deleteAccount(1);
  await deliverMails(world);
  assert.deepEqual(await changeEmails(), fiveAccepted, "deleting an account resets its limits");
});

// id: owners-device-may-ask
test("reset requests of an attacker for the owner's address do not prevent a reset from the owner's device", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const headers = { Cookie: (await logInForCookies(world)).split("; ")[1] as string };
  await deliverMails(world);
  const requestReset = async (email: string, init: object) =>
    (await world.request("/reset_password", { ...form({ email }), ...init })).status;
  for (let i = 0; i < 5; i++) assert.equal(await requestReset(`bob+${i}@example.com`, fromNetwork(i)), 200);
  assert.deepEqual(await deliverMails(world), []);
  assert.equal(await requestReset(owner.email, fromNetwork(9)), 200);
  assert.equal((await deliverMails(world)).length, 1, "aliases without an account do not count");
  for (let i = 0; i < 8; i++) {
    world.clock.advance(11_000);
    assert.equal(await requestReset(owner.email, fromNetwork(10 + i)), 200);
    await deliverMails(world);
  }
  assert.equal(await requestReset(owner.email, { headers: { Cookie: `__Host-device_id=${"d".repeat(43)}` } }), 200);
  assert.deepEqual(await deliverMails(world), [], "the limit is reached, and the response does not reveal it");
  const several = { headers: { Cookie: `__Host-device_id=${"d".repeat(43)}; ${headers.Cookie}` } };
  for (let i = 0; i < 5; i++) assert.equal(await requestReset(owner.email, i % 2 ? several : { headers }), 200);
  assert.equal(await requestReset(owner.email, { headers }), 429, "the device has its own limit of five");
  assert.deepEqual(new Set((await deliverMails(world)).map(({ to }) => to)), new Set([owner.email]));
});

// id: registration-guessed-ten-times
test("a client with the link of a registration can guess its password ten times, and wrong logins do not count", async () => {
  await using world = await createProductionWorld();
  await world.request("/users", form(owner));
  const token = await deliverToken(world);
  for (let i = 0; i < 12; i++) await world.request("/sessions", { ...form(wrongLogin), ...fromNetwork(i) });
  const guess = (i: number) =>
    world.request("/email_verification", { ...form({ ...wrongLogin, token }, { method: "PUT" }), ...fromNetwork(i) });
  for (let i = 0; i < 10; i++) assert.equal((await guess(i)).status, 403);
  await assertRejected(guess(11), 429, /^too many attempts/);
  await world.request("/email_verification", form({ email: owner.email }));
  const newToken = await deliverToken(world);
  await assertRejected(verifyEmail(world, { ...owner, token: newToken }), 429);
  world.clock.advance(15 * minute);
  assert.equal((await verifyEmail(world, { ...owner, token: newToken })).status, 200);
});

test("a password reset succeeds even if the attempts before it cannot be refunded", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  await world.request("/reset_password", form({ email: owner.email }));
  const reset = { email: owner.email, reset_token: await deliverToken(world), new_password: `${strongPassword}!` };
  world.db.limits.refund = () => Promise.reject(new DatabaseUnavailable("locked"));
  assert.equal((await world.request("/reset_password", form(reset, { method: "PUT" }))).status, 200);
  assert.ok(world.logEntries.some(({ message }) => message === "could not refund an attempt"));
});
