import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  confirmEmail,
  createProductionWorld,
  deliverMails,
  deliverToken,
  logInForCookies,
  owner,
  readCookies,
  registerAndConfirm,
  strongPassword,
  toCookieHeader,
} from "../support/production.ts";
import { bob, redeemToken, register, requestToken } from "../support/steps.ts";
import { createWorld, day, form, minute, productionEnvironment, type World } from "../support/world.ts";

const chosen = `${strongPassword}!`;
const renewed = { ...owner, password: chosen };
const wrong = { ...owner, password: "a wrong Password" };
/** The owner's network, which no stranger shares. */
const home = "203.0.113.80";

/** Each stranger has a network of their own. */
function stranger(i: number): { ip: string } {
  return { ip: `198.51.${i >> 8}.${i & 255}` };
}

/** Strangers try the address until each further one is refused. */
async function poll(world: World, from = 0): Promise<void> {
  for (let i = from; i < from + 12; i++) await world.request("/sessions", { ...form(wrong), ...stranger(i) });
  assert.equal((await world.request("/sessions", { ...form(wrong), ...stranger(from + 12) })).status, 429);
}

async function askForReset(world: World): Promise<string> {
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

const devices = { "a new device": "", "a device that it presents": `__Host-device_id=${"d".repeat(43)}` };

for (const [which, presented] of Object.entries(devices)) {
  // id: reset-makes-known
  test(`a reset makes the caller known by ${which}, whatever strangers try before and after`, async () => {
    await using world = await createProductionWorld({ LIMIT_LOGIN_STREAK: "12" });
    await registerAndConfirm(world);
    const token = await askForReset(world);
    await poll(world);
    const done = await reset(world, token, presented);
    assert.equal(done.status, 200);
    const device = toCookieHeader(readCookies(done));
    assert.match(device, /^__Host-device_id=[\w-]{43}$/);
    if (presented) assert.equal(device, presented);
    world.clock.advance(15 * minute);
    await poll(world, 20);
    // From anywhere: the cookie counts.
    for (const ip of [home, "192.0.2.77"]) {
      assert.equal((await tryLogIn(world, renewed, "", "192.0.2.78")).status, 429, "no other device is let in");
      assert.equal((await tryLogIn(world, renewed, device, ip)).status, 200);
    }
  });
}

// id: known-by-network
test("a program that keeps no cookies is known for a day by the network from which it was reset", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_STREAK: "12" });
  await registerAndConfirm(world);
  const token = await askForReset(world);
  await poll(world);
  assert.equal((await tryLogIn(world, owner)).status, 429);
  assert.equal((await reset(world, token)).status, 200);
  await poll(world, 20);
  assert.equal((await tryLogIn(world, renewed)).status, 200);
  assert.equal((await tryLogIn(world, renewed, "", "203.0.113.81")).status, 429, "its neighbor is not");
  world.clock.advance(day);
  await poll(world, 40);
  assert.equal((await tryLogIn(world, renewed)).status, 429);
});

test("a caller who presents a cookie is known by that alone, and its network stays a stranger's", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_STREAK: "12" });
  await registerAndConfirm(world);
  const token = await askForReset(world);
  await poll(world);
  assert.equal((await reset(world, token, `__Host-device_id=${"d".repeat(43)}`)).status, 200);
  assert.equal((await tryLogIn(world, renewed)).status, 429);
});

test("a reset forgets the devices and the network from before, and gives the caller's device new attempts", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  const [, thief = ""] = (await logInForCookies(world, owner, "", "192.0.2.1")).split("; ");
  const [, mine = ""] = (await logInForCookies(world, owner, "", home)).split("; ");
  assert.equal((await reset(world, await askForReset(world), "", "192.0.2.1")).status, 200);
  const token = await askForReset(world);
  for (let i = 0; i < 10; i++) assert.equal((await tryLogIn(world, wrong, mine)).status, 401);
  assert.equal((await tryLogIn(world, wrong, mine)).status, 429);
  await poll(world);
  assert.equal((await reset(world, token, mine)).status, 200);
  assert.equal((await tryLogIn(world, renewed, mine)).status, 200);
  assert.equal((await tryLogIn(world, renewed, thief, "192.0.2.1")).status, 429);
  assert.equal((await tryLogIn(world, renewed, "", "192.0.2.1")).status, 429);
});

test("a reset by a thief of the link is forgotten by the owner's next", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  const thief = toCookieHeader(readCookies(await reset(world, await askForReset(world), "", "192.0.2.1")));
  world.clock.advance(minute);
  const mine = toCookieHeader(readCookies(await reset(world, await askForReset(world))));
  await poll(world);
  assert.equal((await tryLogIn(world, wrong, thief, "192.0.2.1")).status, 429);
  assert.equal((await tryLogIn(world, renewed, mine)).status, 200);
});

test("of redemptions at once one makes its caller known, and a refused one nobody", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  const token = await askForReset(world);
  const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => reset(world, token, "", `192.0.2.${i}`)));
  const [done, ...more] = answers.filter(({ status }) => status === 200);
  assert.ok(done);
  assert.deepEqual(more, []);
  for (const answer of answers) {
    const cookies = Object.keys(readCookies(answer));
    assert.deepEqual(cookies, answer === done ? ["__Host-device_id"] : []);
  }
  assert.deepEqual((await reset(world, token)).headers.getSetCookie(), []);
  const { id } = await world.db.findUserBy({ email: owner.email });
  assert.equal((await world.db.devices.list(id)).length, 1);
});

test("confirming a registration makes the caller known", async () => {
  await using world = await createProductionWorld();
  await poll(world);
  await world.request("/users", form(owner));
  const confirmed = await world.request("/email_verification", {
    ...form({ ...owner, token: await deliverToken(world) }, { method: "PUT" }),
    ip: home,
  } as RequestInit);
  assert.equal(confirmed.status, 200);
  const device = toCookieHeader(readCookies(confirmed));
  assert.equal((await tryLogIn(world, owner, "", "192.0.2.1")).status, 429);
  assert.equal((await tryLogIn(world, owner, device)).status, 200);
  assert.equal((await tryLogIn(world, owner)).status, 200, "nor does a program need the cookie");
});

test("who confirms an address that nobody has tried is known by the cookie alone", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  await poll(world);
  assert.equal((await tryLogIn(world, owner, "", "127.0.0.1")).status, 429);
});

test("the first login after a registration is from no additional device; after a reset it is", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  await logInForCookies(world, owner, "", "192.0.2.1");
  assert.deepEqual(await deliverMails(world), []);
  assert.equal((await reset(world, await askForReset(world))).status, 200);
  await deliverMails(world);
  await logInForCookies(world, renewed, "", "192.0.2.1");
  assert.deepEqual(
    (await deliverMails(world)).map(({ kind }) => kind),
    ["new_device"],
  );
});

test("an invitation and a move make the caller known too", async () => {
  await using world = await createProductionWorld();
  await world.auth.admin.invite(owner.email);
  const invited = await reset(world, await deliverToken(world));
  const first = toCookieHeader(readCookies(invited));
  await poll(world);
  const cookies = toCookieHeader(readCookies(await tryLogIn(world, renewed, first)));
  const email = "elsewhere@example.com";
  assert.equal(
    (await world.request("/profile/email", form({ email }, { method: "PUT", headers: { Cookie: cookies } }))).status,
    200,
  );
  const mails = await deliverMails(world);
  const token = mails.find(({ to }) => to === email)?.token ?? "";
  world.clock.advance(15 * minute);
  const moved = await confirmEmail(world, { email, password: chosen, token });
  assert.equal(moved.status, 200);
  const second = toCookieHeader(readCookies(moved));
  assert.match(second, /^__Host-device_id=[\w-]{43}$/);
  for (let i = 0; i < 12; i++) {
    await world.request("/sessions", { ...form({ ...wrong, email }), ...stranger(i) });
  }
  const moving = { email, password: chosen };
  assert.equal((await tryLogIn(world, moving, second, "192.0.2.9")).status, 200);
  // A move has the account forget the devices from before it.
  assert.equal((await tryLogIn(world, moving, first, "192.0.2.9")).status, 429);
});

// id: good-token-never-refused
test("refused tokens of a network keep out nobody who has a good one", async () => {
  await using world = await createProductionWorld({ LIMIT_REDEMPTION_NETWORK: "3/15m" });
  await world.request("/users", form(owner));
  const verification = await deliverToken(world);
  const bogus = async () => (await reset(world, "x".repeat(43))).status;
  assert.deepEqual([await bogus(), await bogus(), await bogus(), await bogus()], [403, 403, 403, 429]);
  const confirming = form({ ...owner, token: verification }, { method: "PUT" });
  assert.equal((await world.request("/email_verification", { ...confirming, ip: home } as RequestInit)).status, 200);
  assert.equal((await reset(world, await askForReset(world))).status, 200);
  assert.equal(await bogus(), 429);
});

test("where attempts are not limited, a redemption sets no cookie", async () => {
  await using world = await createWorld();
  await register(world);
  const fields = { email: bob.email, reset_token: await requestToken(world), new_password: "another" };
  assert.deepEqual((await redeemToken(world, fields)).headers.getSetCookie(), []);
  await using open = await createWorld({ ...productionEnvironment, RATE_LIMIT: "off" });
  await open.request("/users", form(owner));
  const confirmed = await confirmEmail(open, { ...owner, token: await deliverToken(open) });
  assert.equal(confirmed.status, 200);
  assert.deepEqual(confirmed.headers.getSetCookie(), []);
});
