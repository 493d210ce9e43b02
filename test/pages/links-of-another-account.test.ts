import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  deliverToken,
  owner,
  registerAndVerify,
  strongPassword,
} from "../support/production.ts";
import { assertRedirect, createVisitor, logInByPage, readField, type Visitor } from "../support/visitor.ts";
import type { World } from "../support/world.ts";

const alice = { email: "Alice@example.com", password: "lantern-Amber-7-orchard" };
const newPassword = "meadow-Silver-4-anchor";
const cookie = "__Host-session_id";

/** Creates a visitor logged in as bob. */
async function createBobsVisitor(world: World): Promise<Visitor> {
  await registerAndVerify(world);
  const visitor = createVisitor(world);
  await logInByPage(visitor, owner);
  await deliverMails(world);
  return visitor;
}

async function createResetLink(world: World, { email } = alice): Promise<string> {
  await world.auth.resetPassword.request(email);
  return `/reset?token=${await deliverToken(world)}`;
}

test("a reset link of another account names both accounts, keeps the session, and leads to the login of the link's account", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world, alice);
  const visitor = await createBobsVisitor(world);
  const page = await visitor.open(await createResetLink(world));
  assert.match(
    page.html,
    /You are logged in as bob@example\.com, but this link is for a different account, shown below\. You will stay/,
  );
  assert.match(page.html, /<p class="who"><bdi>Alice@example\.com<\/bdi><\/p>/);
  assertRedirect(await visitor.submit(page, { new_password: newPassword }), "/login");
  const login = await visitor.open("/login");
  assert.equal(login.status, 200);
  assert.match(login.banner, /Log in with your new password/);
  assert.match(login.html, /You are logged in as bob@example\.com\. If you log in to a different account/);
  assert.match(login.html, /<a class="link" href="\/account">Back to your account<\/a>/);
  assert.equal(readField(login, "email"), alice.email);
  const wrong = await visitor.submit(login, { email: alice.email, password: "wrong" });
  assert.match(wrong.html, /You are logged in as bob@example\.com/);
  const account = await visitor.open("/account");
  assert.match(account.html, /<bdi>bob@example\.com<\/bdi>/);
  assert.equal(account.banner, "");
  // The notice was shown once, so the login redirects a logged-in user again.
  assertRedirect(await visitor.open("/login"), "/account");
  const bobsSession = visitor.cookies.get(cookie) ?? "";
  assertRedirect(await visitor.submit(login, { email: alice.email, password: newPassword }), "/account");
  assert.match((await visitor.open("/account")).html, /<bdi>Alice@example\.com<\/bdi>/);
  assert.equal(await world.auth.getUserFromSessionId(bobsSession), null);
});

test("the account page shows no notice about another account", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world, alice);
  const visitor = await createBobsVisitor(world);
  assertRedirect(
    await visitor.submit(await visitor.open(await createResetLink(world)), { new_password: newPassword }),
    "/login",
  );
  // The user opens the account page instead of the login.
  for (let i = 0; i < 2; i++) {
    const account = await visitor.open("/account");
    assert.deepEqual([account.status, account.banner], [200, ""]);
  }
});

test("a reset link of the logged-in account mentions no other account", async () => {
  await using world = await createProductionWorld();
  const visitor = await createBobsVisitor(world);
  const link = await createResetLink(world, owner);
  const page = await visitor.open(link);
  assert.doesNotMatch(page.html, /logged in as|message plain/);
  assertRedirect(await visitor.submit(page, { new_password: newPassword }), "/login");
  const login = await visitor.open("/login");
  assert.doesNotMatch(login.html, /logged in as/);
  assertRedirect(await visitor.submit(login, { email: owner.email, password: newPassword }), "/account");
  // The same link again, after the login.
  assertRedirect(await visitor.open(link), "/account");
  assert.match((await visitor.open("/account")).banner, /password has been changed/);
});

test("a verification link of another account names both accounts, and replaces the session if the visitor continues", async () => {
  await using world = await createProductionWorld();
  const visitor = await createBobsVisitor(world);
  await world.auth.account.register(alice.email, alice.password);
  const page = await visitor.open(`/verify?token=${await deliverToken(world)}`);
  assert.match(
    page.html,
    /You are logged in as bob@example\.com, but this link is for a different account, shown below\. If you continue, bob@example\.com/,
  );
  const wrong = await visitor.submit(page, { password: "wrong" });
  assert.match(wrong.html, /You are logged in as bob@example\.com/);
  assert.match((await visitor.open("/account")).html, /<bdi>bob@example\.com<\/bdi>/);
  const bobsSession = visitor.cookies.get(cookie) ?? "";
  assertRedirect(await visitor.submit(page, { password: alice.password }), "/account");
  assert.match((await visitor.open("/account")).html, /<bdi>Alice@example\.com<\/bdi>/);
  assert.equal(await world.auth.getUserFromSessionId(bobsSession), null);
});

test("an email change link of another account says so, without naming that account", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world, alice);
  const alicesVisitor = createVisitor(world);
  await logInByPage(alicesVisitor, alice);
  await alicesVisitor.submit(await alicesVisitor.open("/account/email"), { email: "new@example.com" });
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token;
  const link = `/verify?token=${token}`;
  assert.doesNotMatch((await alicesVisitor.open(link)).html, /this link is for a different account/i);
  assert.doesNotMatch((await createVisitor(world).open(link)).html, /this link is for a different account/i);
  const visitor = await createBobsVisitor(world);
  const page = await visitor.open(link);
  assert.match(page.html, /You are logged in as bob@example\.com, but this link is for a different account/);
  assert.match(page.html, /<p class="who"><bdi>new@example\.com<\/bdi><\/p>/);
  assert.doesNotMatch(page.html, /alice/i);
  // The password of the logged-in account does not confirm the change.
  assert.equal((await visitor.submit(page, { password: strongPassword })).status, 403);
  assert.match((await visitor.open("/account")).html, /<bdi>bob@example\.com<\/bdi>/);
  assertRedirect(await visitor.submit(page, { password: alice.password }), "/account");
  assert.match((await visitor.open("/account")).html, /<bdi>new@example\.com<\/bdi>/);
});

test("a registration while another account is logged in leads to the login of the new account", async () => {
  await using world = await createProductionWorld({
    REQUIRE_VERIFIED_EMAIL: "off",
    CONCEAL_ACCOUNTS: "off",
    UNSAFE_PRODUCTION: "1",
  });
  const visitor = createVisitor(world);
  const form = await visitor.open("/register");
  await world.auth.registerUser(owner.email, owner.password);
  await logInByPage(visitor, owner);
  assertRedirect(await visitor.submit(form, { email: alice.email, new_password: alice.password }), "/login");
  const login = await visitor.open("/login");
  assert.match(login.banner, /account has been created/);
  assert.equal(readField(login, "email"), alice.email);
  assert.match(login.html, /You are logged in as bob@example\.com/);
});
