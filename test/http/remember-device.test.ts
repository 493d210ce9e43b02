import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  deliverToken,
  formatCookieHeader,
  logInForCookies,
  owner,
  readCookies,
  registerAndVerify,
  strongPassword,
  verifyEmail,
} from "../support/production.ts";
import { bob, redeemResetToken, register, requestResetToken } from "../support/steps.ts";
import { createWorld, day, form, minute, productionEnvironment, type World } from "../support/world.ts";

const chosen = `${strongPassword}!`;
const renewed = { ...owner, password: chosen };
const wrong = { ...owner, password: "a wrong Password" };
/** The user's network, which no attacker shares. */
const home = "203.0.113.80";

/** Returns the address of an attacker. Each one has its own network. */
function attacker(i: number): { ip: string } {
  return { ip: `198.51.${i >> 8}.${i & 255}` };
}

/** Attackers fail to log in to the account until further attempts get 429. */
async function attack(world: World, from = 0): Promise<void> {
  for (let i = from; i < from + 12; i++) await world.request("/sessions", { ...form(wrong), ...attacker(i) });
  assert.equal((await world.request("/sessions", { ...form(wrong), ...attacker(from + 12) })).status, 429);
}

async function requestReset(world: World): Promise<string> {
  await deliverMails(world);
  assert.equal(
    (await world.request("/reset_password", { ...form({ email: owner.email }), ip: home } as RequestInit)).status,
    200,
  );
  return deliverToken(world);
}

function reset(world: World, reset_token: string, Cookie = "", ip = home): Promise<Response> {
  const fields = { email: owner.email, reset_token, new_password: chosen };
  return world.request("/reset_password", {
    ...form(fields, { method: "PUT", headers: { Cookie } }),
    ip,
  } as RequestInit);
}

function tryLogIn(world: World, user: Record<string, string>, Cookie = "", ip = home): Promise<Response> {
  return world.request("/sessions", { ...form(user, { headers: { Cookie } }), ip } as RequestInit);
}

const devices = { "a new device": "", "the presented device": `__Host-device_id=${"d".repeat(43)}` };

for (const [which, presented] of Object.entries(devices)) {
  // id: reset-makes-known
  test(`a password reset makes ${which} known, despite failed attempts of attackers before and after it`, async () => {
    await using world = await createProductionWorld({ LIMIT_LOGIN_STREAK: "12" });
    await registerAndVerify(world);
    const token = await requestReset(world);
    await attack(world);
    const done = await reset(world, token, presented);
    assert.equal(done.status, 200);
    const device = formatCookieHeader(readCookies(done));
    assert.match(device, /^__Host-device_id=[\w-]{43}$/);
    if (presented) assert.equal(device, presented);
    world.clock.advance(15 * minute);
    await attack(world, 20);
    // From any network: the cookie counts.
    for (const ip of [home, "192.0.2.77"]) {
      assert.equal((await tryLogIn(world, renewed, "", "192.0.2.78")).status, 429, "other devices cannot log in");
      assert.equal((await tryLogIn(world, renewed, device, ip)).status, 200);
    }
  });
}

// id: known-by-network
test("a program without cookies is known for a day by the network of its password reset", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_STREAK: "12" });
  await registerAndVerify(world);
  const token = await requestReset(world);
  await attack(world);
  assert.equal((await tryLogIn(world, owner)).status, 429);
  assert.equal((await reset(world, token)).status, 200);
  await attack(world, 20);
  assert.equal((await tryLogIn(world, renewed)).status, 200);
  assert.equal((await tryLogIn(world, renewed, "", "203.0.113.81")).status, 429, "another network is not known");
  world.clock.advance(day);
  await attack(world, 40);
  assert.equal((await tryLogIn(world, renewed)).status, 429);
});

test("a caller with a device cookie is known only by the cookie, not by its network", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_STREAK: "12" });
  await registerAndVerify(world);
  const token = await requestReset(world);
  await attack(world);
  assert.equal((await reset(world, token, `__Host-device_id=${"d".repeat(43)}`)).status, 200);
  assert.equal((await tryLogIn(world, renewed)).status, 429);
});

test("a password reset forgets earlier devices and networks, and gives the caller's device new attempts", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const [, thief = ""] = (await logInForCookies(world, owner, "", "192.0.2.1")).split("; ");
  const [, own = ""] = (await logInForCookies(world, owner, "", home)).split("; ");
  assert.equal((await reset(world, await requestReset(world), "", "192.0.2.1")).status, 200);
  const token = await requestReset(world);
  for (let i = 0; i < 10; i++) assert.equal((await tryLogIn(world, wrong, own)).status, 401);
  assert.equal((await tryLogIn(world, wrong, own)).status, 429);
  await attack(world);
  assert.equal((await reset(world, token, own)).status, 200);
  assert.equal((await tryLogIn(world, renewed, own)).status, 200);
  assert.equal((await tryLogIn(world, renewed, thief, "192.0.2.1")).status, 429);
  assert.equal((await tryLogIn(world, renewed, "", "192.0.2.1")).status, 429);
});

test("the user's next password reset forgets the device of an attacker who stole the link", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const thief = formatCookieHeader(readCookies(await reset(world, await requestReset(world), "", "192.0.2.1")));
  world.clock.advance(minute);
  const own = formatCookieHeader(readCookies(await reset(world, await requestReset(world))));
  await attack(world);
  assert.equal((await tryLogIn(world, wrong, thief, "192.0.2.1")).status, 429);
  assert.equal((await tryLogIn(world, renewed, own)).status, 200);
});

test("of simultaneous uses of a token, only the successful one makes its caller known", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const token = await requestReset(world);
  const responses = await Promise.all(Array.from({ length: 6 }, (_, i) => reset(world, token, "", `192.0.2.${i}`)));
  const [done, ...more] = responses.filter(({ status }) => status === 200);
  assert.ok(done);
  assert.deepEqual(more, []);
  for (const response of responses) {
    const cookies = Object.keys(readCookies(response));
    assert.deepEqual(cookies, response === done ? ["__Host-device_id"] : []);
  }
  assert.deepEqual((await reset(world, token)).headers.getSetCookie(), []);
  const { id } = await world.db.findUserBy({ email: owner.email });
  assert.equal((await world.db.devices.list(id)).length, 1);
});

test("verifying the address of a registration makes the caller known", async () => {
  await using world = await createProductionWorld();
  await attack(world);
  await world.request("/users", form(owner));
  const confirmed = await world.request("/email_verification", {
    ...form({ ...owner, token: await deliverToken(world) }, { method: "PUT" }),
    ip: home,
  } as RequestInit);
  assert.equal(confirmed.status, 200);
  const device = formatCookieHeader(readCookies(confirmed));
  assert.equal((await tryLogIn(world, owner, "", "192.0.2.1")).status, 429);
  assert.equal((await tryLogIn(world, owner, device)).status, 200);
  assert.equal((await tryLogIn(world, owner)).status, 200, "a program needs no cookie either");
});

test("a caller that verifies an address without failed attempts is known only by the cookie", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  await attack(world);
  assert.equal((await tryLogIn(world, owner, "", "127.0.0.1")).status, 429);
});

test("the first login after a registration counts as no new device; after a password reset it does", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  await logInForCookies(world, owner, "", "192.0.2.1");
  assert.deepEqual(await deliverMails(world), []);
  assert.equal((await reset(world, await requestReset(world))).status, 200);
  await deliverMails(world);
  await logInForCookies(world, renewed, "", "192.0.2.1");
  assert.deepEqual(
    (await deliverMails(world)).map(({ kind }) => kind),
    ["new_device"],
  );
});

test("an invitation and an email change also make the caller known", async () => {
  await using world = await createProductionWorld();
  await world.auth.admin.invite(owner.email);
  const invited = await reset(world, await deliverToken(world));
  const first = formatCookieHeader(readCookies(invited));
  await attack(world);
  const cookies = formatCookieHeader(readCookies(await tryLogIn(world, renewed, first)));
  const email = "elsewhere@example.com";
  assert.equal(
    (await world.request("/profile/email", form({ email }, { method: "PUT", headers: { Cookie: cookies } }))).status,
    200,
  );
  const mails = await deliverMails(world);
  const token = mails.find(({ to }) => to === email)?.token ?? "";
  world.clock.advance(15 * minute);
  const changed = await verifyEmail(world, { email, password: chosen, token });
  assert.equal(changed.status, 200);
  const second = formatCookieHeader(readCookies(changed));
  assert.match(second, /^__Host-device_id=[\w-]{43}$/);
  for (let i = 0; i < 12; i++) {
    await world.request("/sessions", { ...form({ ...wrong, email }), ...attacker(i) });
  }
  const changedLogin = { email, password: chosen };
  assert.equal((await tryLogIn(world, changedLogin, second, "192.0.2.9")).status, 200);
  // An email change forgets earlier devices.
  assert.equal((await tryLogIn(world, changedLogin, first, "192.0.2.9")).status, 429);
});

// id: good-token-never-refused
test("rejected tokens of a network do not block valid ones", async () => {
  await using world = await createProductionWorld({ LIMIT_REDEMPTION_NETWORK: "3/15m" });
  await world.request("/users", form(owner));
  const verification = await deliverToken(world);
  const useWrongToken = async () => (await reset(world, "x".repeat(43))).status;
  assert.deepEqual(
    [await useWrongToken(), await useWrongToken(), await useWrongToken(), await useWrongToken()],
    [403, 403, 403, 429],
  );
  const confirming = form({ ...owner, token: verification }, { method: "PUT" });
  assert.equal((await world.request("/email_verification", { ...confirming, ip: home } as RequestInit)).status, 200);
  assert.equal((await reset(world, await requestReset(world))).status, 200);
  assert.equal(await useWrongToken(), 429);
});

test("with RATE_LIMIT off, using a token sets no cookie", async () => {
  await using world = await createWorld();
  await register(world);
  const fields = { email: bob.email, reset_token: await requestResetToken(world), new_password: "another" };
  assert.deepEqual((await redeemResetToken(world, fields)).headers.getSetCookie(), []);
  await using open = await createWorld({ ...productionEnvironment, RATE_LIMIT: "off" });
  await open.request("/users", form(owner));
  const confirmed = await verifyEmail(open, { ...owner, token: await deliverToken(open) });
  assert.equal(confirmed.status, 200);
  assert.deepEqual(confirmed.headers.getSetCookie(), []);
});
