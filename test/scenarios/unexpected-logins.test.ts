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
} from "../support/production.ts";
import { createWorld, day, form, type World } from "../support/world.ts";

const newPassword = "another-Good-password-7";
const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

/** Logs in from a new device, or from the device with these cookies. Returns the emails it causes, and the cookies. */
async function logIn(world: World, password = strongPassword, Cookie = "") {
  const headers = { "User-Agent": firefox, Cookie };
  const response = await world.request("/sessions", form({ email: owner.email, password }, { headers }));
  assert.equal(response.status, 200, await response.clone().text());
  const notices = (await deliverMails(world)).map(({ kind, to, device, times }) => ({ kind, to, device, times }));
  return { notices, cookies: formatCookieHeader(readCookies(response)) };
}

const newDeviceNotices = [
  { kind: "new_device", to: owner.email, device: { browser: "Firefox", system: "Windows" }, times: 1 },
];

/** Adds the owner's account like `bienvenue import`. */
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
  "with rate limits": createProductionWorld,
  "without rate limits": () => createProductionWorld({ RATE_LIMIT: "off" }),
};

for (const [mode, create] of Object.entries(modes)) {
  // id: imported-first-login
  test(`the owner of an imported account gets an email about the first login, ${mode}`, async () => {
    await using world = await create();
    await importAccount(world);
    const { notices, cookies } = await logIn(world);
    assert.deepEqual(notices, newDeviceNotices);
    assert.deepEqual((await logIn(world, strongPassword, cookies)).notices, []);
  });

  test(`the first login right after a registration sends no email, ${mode}`, async () => {
    await using world = await create();
    await registerAndVerify(world);
    assert.deepEqual((await logIn(world)).notices, []);
  });

  test(`simultaneous first logins send an email, and later logins from their devices do not, ${mode}`, async () => {
    await using world = await create();
    await importAccount(world);
    const devices = await Promise.all(Array.from({ length: 4 }, () => logInForCookies(world)));
    const mails = await deliverMails(world);
    assert.equal(mails[0]?.kind, "new_device");
    for (const cookies of devices) assert.deepEqual((await logIn(world, strongPassword, cookies)).notices, []);
  });
}

// id: login-after-reset
test("after a password reset, only a login from another device sends an email", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  await logIn(world);
  await world.request("/reset_password", form({ email: owner.email }));
  const fields = { email: owner.email, reset_token: await deliverToken(world), new_password: newPassword };
  const reset = await world.request("/reset_password", form(fields, { method: "PUT" }));
  assert.equal(reset.status, 200);
  await deliverMails(world);
  assert.deepEqual((await logIn(world, newPassword, formatCookieHeader(readCookies(reset)))).notices, []);
  assert.deepEqual((await logIn(world, newPassword)).notices, newDeviceNotices);
});

test("if devices are not remembered, only the first login after a password reset sends an email", async () => {
  await using world = await createProductionWorld({ RATE_LIMIT: "off" });
  await registerAndVerify(world);
  await logIn(world);
  await world.request("/reset_password", form({ email: owner.email }));
  const fields = { email: owner.email, reset_token: await deliverToken(world), new_password: newPassword };
  await world.request("/reset_password", form(fields, { method: "PUT" }));
  await deliverMails(world);
  assert.deepEqual((await logIn(world, newPassword)).notices, newDeviceNotices);
  assert.deepEqual((await logIn(world, newPassword)).notices, []);
});

test("a first login sends an email a day after the registration, and after the last device was swept", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  world.clock.advance(day);
  assert.deepEqual((await logIn(world)).notices, newDeviceNotices);
  world.clock.advance(401 * day);
  await world.auth.admin.sweep();
  assert.deepEqual((await logIn(world)).notices, newDeviceNotices);
});

test("an invited user gets an email about a login from a device other than the one that chose the password", async () => {
  await using world = await createProductionWorld();
  await world.auth.admin.invite(owner.email);
  const fields = { email: owner.email, reset_token: await deliverToken(world), new_password: newPassword };
  const set = await world.request("/reset_password", form(fields, { method: "PUT" }));
  await deliverMails(world);
  assert.deepEqual((await logIn(world, newPassword, formatCookieHeader(readCookies(set)))).notices, []);
  assert.deepEqual((await logIn(world, newPassword)).notices, newDeviceNotices);
});

test("only the first login of an adopted account sends an email", async () => {
  await using world = await createWorld();
  const { hashedPassword } = await world.auth
    .registerUser(owner.email, strongPassword)
    .then(() => world.db.findUserBy({ email: owner.email }));
  await using otherWorld = await createWorld();
  const adopted = {
    id: 7,
    email: owner.email,
    hashedPassword,
    emailVerifiedAt: null,
    sessionId: null,
    resetToken: null,
  };
  await otherWorld.db.import.adopt([adopted]);
  assert.deepEqual((await logIn(otherWorld)).notices, newDeviceNotices);
  assert.deepEqual((await logIn(otherWorld)).notices, []);
});

test("a session that a program creates without a password sends no email, and the first login still does", async () => {
  await using world = await createProductionWorld();
  await importAccount(world);
  await world.auth.createSession(owner.email);
  assert.deepEqual(await deliverMails(world), []);
  assert.deepEqual((await logIn(world)).notices, newDeviceNotices);
});
