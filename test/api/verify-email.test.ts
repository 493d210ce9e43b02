import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  deliverToken,
  logInForCookies,
  owner,
  readCookies,
  registerAndVerify,
  strongPassword,
  verifyEmail,
} from "../support/production.ts";
import { assertRejected, readStatusAndBody } from "../support/steps.ts";
import { createWorld, day, form, hour, productionEnvironment } from "../support/world.ts";

const created = `200 {"email":"${owner.email}","message":"user created"}\n`;
const verified = `200 {"email":"${owner.email}","message":"email verified"}\n`;
const refusal = '403 {"message":"the token is wrong, used or expired, or the password is wrong"}\n';
const other = "another-Good-password-7";

// id: registration-opens-nothing
test("a registration gives no access until its address is verified with the emailed token and the password", async () => {
  await using world = await createProductionWorld();
  assert.equal(await readStatusAndBody(world.request("/users", form(owner))), created);
  await assertRejected(world.request("/sessions", form(owner)), 401, /^wrong email or password$/);
  await assertRejected(world.request("/sessions", form({ ...owner, password: other })), 401);
  const [mail, ...more] = await deliverMails(world);
  assert.deepEqual(more, []);
  assert.equal(mail?.kind, "confirm_email");
  assert.equal(mail?.to, owner.email);
  const token = mail?.token ?? "";
  assert.match(token, /^[\w-]{43}$/);
  await assertRejected(world.request("/sessions", form(owner)), 401, /^wrong email or password$/);
  for (const wrong of [
    { ...owner, password: other, token },
    { ...owner, password: "", token },
    { ...owner, email: "eve@example.com", token },
    { ...owner, email: "", token },
    { ...owner, token: "" },
    { ...owner, token: token.slice(1) },
    { ...owner, token: token.toLowerCase() },
  ]) {
    assert.equal(await readStatusAndBody(verifyEmail(world, wrong)), refusal);
  }
  const confirmed = await verifyEmail(world, { ...owner, email: " Bob@Example.com ", token });
  assert.deepEqual(Object.keys(readCookies(confirmed)), ["__Host-device_id"], "it opens no session");
  assert.equal(await readStatusAndBody(confirmed), verified);
  assert.equal(await readStatusAndBody(verifyEmail(world, { ...owner, token })), refusal);
  await logInForCookies(world);
});

// id: another-purpose-refused
test("a token of another purpose is rejected, and GET does not verify", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  await world.request("/reset_password", form({ email: owner.email }));
  const reset = await deliverToken(world);
  assert.equal(await readStatusAndBody(verifyEmail(world, { ...owner, token: reset })), refusal);
  await world.request("/users", form({ ...owner, email: "eve@example.com" }));
  const verify = await deliverToken(world);
  await assertRejected(
    world.request(
      "/reset_password",
      form({ email: "eve@example.com", reset_token: verify, new_password: strongPassword }, { method: "PUT" }),
    ),
    403,
  );
  await assertRejected(world.request(`/email_verification?token=${verify}`), 405);
  assert.equal((await world.request(`/verify?token=${verify}`)).status, 200);
  assert.equal((await verifyEmail(world, { ...owner, email: "eve@example.com", token: verify })).status, 200);
});

// id: newest-link-lasts
test("a link works for its documented lifetime, and only the newest link is valid", async () => {
  await using world = await createProductionWorld({ VERIFY_TOKEN_LIFETIME: "2h" });
  await world.request("/users", form(owner));
  const first = await deliverToken(world);
  assert.equal(
    await readStatusAndBody(world.request("/email_verification", form({ email: "BOB@example.com" }))),
    '200 {"email":"BOB@example.com","message":"verification mail sent"}\n',
  );
  const second = await deliverToken(world);
  assert.equal(await readStatusAndBody(verifyEmail(world, { ...owner, token: first })), refusal);
  world.clock.advance(2 * hour);
  assert.equal(await readStatusAndBody(verifyEmail(world, { ...owner, token: second })), refusal);
  await world.request("/email_verification", form({ email: owner.email }));
  const third = await deliverToken(world);
  world.clock.advance(2 * hour - 1);
  assert.equal(await readStatusAndBody(verifyEmail(world, { ...owner, token: third })), verified);
  await world.request("/email_verification", form({ email: owner.email }));
  assert.deepEqual(await deliverMails(world), []);
});

// id: confirmed-once
test("exactly one of several simultaneous verifications succeeds", async () => {
  await using world = await createProductionWorld();
  await world.request("/users", form(owner));
  const token = await deliverToken(world);
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => readStatusAndBody(verifyEmail(world, { ...owner, token }))),
  );
  assert.deepEqual(answers.toSorted(), [verified, ...Array(7).fill(refusal)].toSorted());
});

// id: somebody-elses-address
test("registering someone else's address neither gives access to the account nor blocks its owner", async () => {
  await using world = await createProductionWorld();
  const attacker = { ...owner, password: other };
  await world.request("/users", form(attacker));
  const attackerToken = await deliverToken(world);
  await world.request("/users", form(owner));
  const ownerToken = await deliverToken(world);
  await world.request("/users", form({ ...attacker, password: `${other}!` }));
  // The owner can use any of the emailed links, with their own password.
  assert.equal(await readStatusAndBody(verifyEmail(world, { ...owner, token: attackerToken })), refusal);
  assert.equal(await readStatusAndBody(verifyEmail(world, { ...owner, token: ownerToken })), verified);
  assert.equal(await readStatusAndBody(verifyEmail(world, { ...attacker, token: attackerToken })), refusal);
  await assertRejected(world.request("/sessions", form(attacker)), 401);
  await logInForCookies(world);
  const [mail] = await deliverMails(world);
  assert.equal(mail, undefined, "the attacker's unsent emails are gone");
});

// id: prepared-account
test("an account created in advance without verification goes to the address's owner, and its sessions end", async () => {
  await using world = await createProductionWorld();
  await world.auth.registerUser(owner.email, other);
  const planted = await world.auth.createSession(owner.email);
  assert.ok(await world.auth.getUserFromSessionId(planted));
  const user = await world.db.findUserBy({ email: owner.email });
  assert.ok(await world.db.changeEmail.request(user, "eve@example.com", "en"));
  await deliverMails(world);
  await assertRejected(world.request("/sessions", form({ ...owner, password: other })), 403, /^email not verified$/);
  await registerAndVerify(world);
  assert.equal(await world.auth.getUserFromSessionId(planted), null);
  assert.equal(await world.db.changeEmail.findNewEmail(user.id), null, "the attacker's email change is gone");
  await assertRejected(world.request("/sessions", form({ ...owner, password: other })), 401);
  await logInForCookies(world);
});

test("an account that was never verified is verified with its own password", async () => {
  await using world = await createProductionWorld();
  await world.auth.registerUser(owner.email, strongPassword);
  await world.request("/email_verification", form({ email: owner.email }));
  const token = await deliverToken(world);
  assert.equal(await readStatusAndBody(verifyEmail(world, { ...owner, token })), verified);
  await logInForCookies(world);
});

test("an emailed reset also verifies the address of a registration and of an unverified account", async () => {
  for (const prepare of ["registered", "unconfirmed"]) {
    await using world = await createProductionWorld();
    if (prepare === "registered") await world.request("/users", form({ ...owner, password: other }));
    else await world.auth.registerUser(owner.email, other);
    await world.auth.outbox.deliver();
    await world.request("/reset_password", form({ email: owner.email }));
    const reset = { email: owner.email, reset_token: await deliverToken(world), new_password: strongPassword };
    assert.equal(
      await readStatusAndBody(world.request("/reset_password", form(reset, { method: "PUT" }))),
      `200 {"email":"${owner.email}","message":"Password updated"}\n`,
    );
    await assertRejected(world.request("/reset_password", form(reset, { method: "PUT" })), 403);
    await logInForCookies(world);
    await assertRejected(world.request("/sessions", form({ ...owner, password: other })), 401);
  }
});

test("unverified registrations are deleted after seven days; accounts are not", async () => {
  await using world = await createProductionWorld({ VERIFY_TOKEN_LIFETIME: "7d" });
  await world.auth.registerUser("never@example.com", strongPassword);
  await world.request("/users", form(owner));
  const token = await deliverToken(world);
  world.clock.advance(7 * day - 1);
  assert.equal((await world.auth.admin.sweep()).verifications, 0);
  world.clock.advance(2);
  assert.equal((await world.auth.admin.sweep()).verifications, 1);
  await assertRejected(world.request("/sessions", form(owner)), 401);
  assert.equal(await readStatusAndBody(verifyEmail(world, { ...owner, token })), refusal);
  assert.ok(await world.auth.admin.findAccount("never@example.com"));
});

test("without CONCEAL_ACCOUNTS, registering a verified address returns an error", async () => {
  await using world = await createProductionWorld({ CONCEAL_ACCOUNTS: "off" });
  await registerAndVerify(world);
  await assertRejected(world.request("/users", form({ ...owner, password: other })), 400, /^email already registered$/);
});

test("emails are in the browser's language, and go only to the registered address", async () => {
  await using world = await createWorld({ ...productionEnvironment });
  const headers = { "Accept-Language": "fr-CA, en;q=0.5" };
  await world.request("/users", form({ ...owner, email: " BOB@example.com" }, { headers }));
  const [mail] = await deliverMails(world);
  assert.deepEqual([mail?.language, mail?.to], ["fr", "BOB@example.com"]);
});

test("repeated registrations of an address do not slow down its owner's logins", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  for (let i = 0; i < 3; i++) await world.request("/users", form({ ...owner, password: other }));
  const hashes = () => world.metrics.hashWaits.counts.reduce((sum, count) => sum + count, 0);
  const before = hashes();
  await logInForCookies(world);
  assert.equal(hashes() - before, 1);
});

test("a link from before a password change does not restore the old password", async () => {
  const open = { REQUIRE_VERIFIED_EMAIL: "off", CONCEAL_ACCOUNTS: "off" };
  for (const change of ["change", "reset"]) {
    await using world = await createProductionWorld({ ...open, RESET_DELIVERY: "response", UNSAFE_PRODUCTION: "1" });
    await world.request("/users", form(owner));
    await world.request("/email_verification", form({ email: owner.email }));
    const token = await deliverToken(world);
    if (change === "reset") {
      await world.auth.updatePassword(await world.auth.getResetPasswordToken(owner.email), other);
    } else {
      const { session } = await world.auth.logIn(owner);
      await world.auth.account.changePassword(session.sessionId, {
        currentPassword: strongPassword,
        newPassword: other,
      });
    }
    assert.equal(await readStatusAndBody(verifyEmail(world, { ...owner, token })), refusal);
    await assertRejected(world.request("/sessions", form(owner)), 401);
    await logInForCookies(world, { ...owner, password: other });
  }
});
