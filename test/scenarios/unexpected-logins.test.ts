import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
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
import { createWorld, day, form, type World } from "../support/world.ts";

const chosen = "another-Good-password-7";
const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

/** Logs in from a new device, or from one with these cookies; returns the mails that it brought, and its cookies. */
async function logIn(world: World, password = strongPassword, Cookie = "") {
  const headers = { "User-Agent": firefox, Cookie };
  const response = await world.request("/sessions", form({ email: owner.email, password }, { headers }));
  assert.equal(response.status, 200, await response.clone().text());
  const told = (await deliverMails(world)).map(({ kind, to, device, times }) => ({ kind, to, device, times }));
  return { told, cookies: toCookieHeader(readCookies(response)) };
}

const news = [{ kind: "new_device", to: owner.email, device: { browser: "Firefox", system: "Windows" }, times: 1 }];

/** Adds the account as `bienvenue import` does. */
async function importAccount(world: World): Promise<void> {
  const { hashedPassword } = await world.auth
    .registerUser("model@example.com", strongPassword)
    .then(() => world.db.findUserBy({ email: "model@example.com" }));
  const now = world.clock.now();
  await world.db.import.add([
    { email: owner.email, hashedPassword, emailVerifiedAt: now, disabledAt: null, createdAt: now },
  ]);
}

const modes = {
  "attempts are limited": createProductionWorld,
  "they are not": () => createProductionWorld({ RATE_LIMIT: "off" }),
};

for (const [mode, create] of Object.entries(modes)) {
  // id: imported-first-login
  test(`the owner of an imported account gets a mail of its first login, where ${mode}`, async () => {
    await using world = await create();
    await importAccount(world);
    const { told, cookies } = await logIn(world);
    assert.deepEqual(told, news);
    assert.deepEqual((await logIn(world, strongPassword, cookies)).told, []);
  });

  test(`the owner who has just registered gets no mail of the first login, where ${mode}`, async () => {
    await using world = await create();
    await registerAndConfirm(world);
    assert.deepEqual((await logIn(world)).told, []);
  });

  test(`many first logins at once are told, and no login after them, where ${mode}`, async () => {
    await using world = await create();
    await importAccount(world);
    const entered = await Promise.all(Array.from({ length: 4 }, () => logInForCookies(world)));
    const mails = await deliverMails(world);
    assert.equal(mails[0]?.kind, "new_device");
    for (const cookies of entered) assert.deepEqual((await logIn(world, strongPassword, cookies)).told, []);
  });
}

// id: login-after-reset
test("after a reset a login from another device than the one that reset is told", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  await logIn(world);
  await world.request("/reset_password", form({ email: owner.email }));
  const fields = { email: owner.email, reset_token: await deliverToken(world), new_password: chosen };
  const reset = await world.request("/reset_password", form(fields, { method: "PUT" }));
  assert.equal(reset.status, 200);
  await deliverMails(world);
  assert.deepEqual((await logIn(world, chosen, toCookieHeader(readCookies(reset)))).told, []);
  assert.deepEqual((await logIn(world, chosen)).told, news);
});

test("where no devices are remembered, the first login after a reset is told, and the next is not", async () => {
  await using world = await createProductionWorld({ RATE_LIMIT: "off" });
  await registerAndConfirm(world);
  await logIn(world);
  await world.request("/reset_password", form({ email: owner.email }));
  const fields = { email: owner.email, reset_token: await deliverToken(world), new_password: chosen };
  await world.request("/reset_password", form(fields, { method: "PUT" }));
  await deliverMails(world);
  assert.deepEqual((await logIn(world, chosen)).told, news);
  assert.deepEqual((await logIn(world, chosen)).told, []);
});

test("a first login is told a day after the registration, and once the last device was forgotten", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  world.clock.advance(day);
  assert.deepEqual((await logIn(world)).told, news);
  world.clock.advance(401 * day);
  await world.auth.admin.sweep();
  assert.deepEqual((await logIn(world)).told, news);
});

test("an invited owner gets a mail of a login from a device that did not choose the password", async () => {
  await using world = await createProductionWorld();
  await world.auth.admin.invite(owner.email);
  const fields = { email: owner.email, reset_token: await deliverToken(world), new_password: chosen };
  const set = await world.request("/reset_password", form(fields, { method: "PUT" }));
  await deliverMails(world);
  assert.deepEqual((await logIn(world, chosen, toCookieHeader(readCookies(set)))).told, []);
  assert.deepEqual((await logIn(world, chosen)).told, news);
});

test("an adopted account's first login is told", async () => {
  await using world = await createWorld();
  const { hashedPassword } = await world.auth
    .registerUser(owner.email, strongPassword)
    .then(() => world.db.findUserBy({ email: owner.email }));
  await using there = await createWorld();
  const adopted = {
    id: 7,
    email: owner.email,
    hashedPassword,
    emailVerifiedAt: null,
    sessionId: null,
    resetToken: null,
  };
  await there.db.import.adopt([adopted]);
  assert.deepEqual((await logIn(there)).told, news);
  assert.deepEqual((await logIn(there)).told, []);
});

test("a login that a program opens without a password is no news, and leaves the first one to be told", async () => {
  await using world = await createProductionWorld();
  await importAccount(world);
  await world.auth.createSession(owner.email);
  assert.deepEqual(await deliverMails(world), []);
  assert.deepEqual((await logIn(world)).told, news);
});
