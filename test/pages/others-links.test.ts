import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  deliverToken,
  owner,
  registerAndConfirm,
  strongPassword,
} from "../support/production.ts";
import { createVisitor, logIn, readField, sent, type Visitor } from "../support/visitor.ts";
import type { World } from "../support/world.ts";

const alice = { email: "Alice@example.com", password: "lantern-Amber-7-orchard" };
const chosen = "meadow-Silver-4-anchor";
const cookie = "__Host-session_id";

/** A browser in which bob is logged in. */
async function bobsBrowser(world: World): Promise<Visitor> {
  await registerAndConfirm(world);
  const who = createVisitor(world);
  await logIn(who, owner);
  await deliverMails(world);
  return who;
}

async function resetLink(world: World, { email } = alice): Promise<string> {
  await world.auth.resetPassword.request(email);
  return `/reset?token=${await deliverToken(world)}`;
}

test("another's reset link names both accounts, and leads to that one's login without ending who is logged in", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world, alice);
  const who = await bobsBrowser(world);
  const page = await who.open(await resetLink(world));
  assert.match(
    page.html,
    /You are logged in as bob@example\.com, but this link is for a different account, shown below\. You stay/,
  );
  assert.match(page.html, /<p class="who"><bdi>Alice@example\.com<\/bdi><\/p>/);
  sent(await who.fill(page, { new_password: chosen }), "/login");
  const login = await who.open("/login");
  assert.equal(login.status, 200);
  assert.match(login.banner, /Log in with your new password/);
  assert.match(login.html, /You are logged in as bob@example\.com\. If you log in to a different account/);
  assert.match(login.html, /<a class="link" href="\/account">Back to your account<\/a>/);
  assert.equal(readField(login, "email"), alice.email);
  const wrong = await who.fill(login, { email: alice.email, password: "wrong" });
  assert.match(wrong.html, /You are logged in as bob@example\.com/);
  const account = await who.open("/account");
  assert.match(account.html, /<bdi>bob@example\.com<\/bdi>/);
  assert.equal(account.banner, "");
  // What was said once is not said again: whoever is logged in goes on.
  sent(await who.open("/login"), "/account");
  const bobs = who.cookies.get(cookie) ?? "";
  sent(await who.fill(login, { email: alice.email, password: chosen }), "/account");
  assert.match((await who.open("/account")).html, /<bdi>Alice@example\.com<\/bdi>/);
  assert.equal(await world.auth.getUserFromSessionId(bobs), null);
});

test("nothing of another account, and of logging in again, is said on the account of who is logged in", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world, alice);
  const who = await bobsBrowser(world);
  sent(await who.fill(await who.open(await resetLink(world)), { new_password: chosen }), "/login");
  // The login is not waited for.
  for (let i = 0; i < 2; i++) {
    const account = await who.open("/account");
    assert.deepEqual([account.status, account.banner], [200, ""]);
  }
});

test("one's own link says nothing of another account, and leads on as ever", async () => {
  await using world = await createProductionWorld();
  const who = await bobsBrowser(world);
  const link = await resetLink(world, owner);
  const page = await who.open(link);
  assert.doesNotMatch(page.html, /logged in as|message plain/);
  sent(await who.fill(page, { new_password: chosen }), "/login");
  const login = await who.open("/login");
  assert.doesNotMatch(login.html, /logged in as/);
  sent(await who.fill(login, { email: owner.email, password: chosen }), "/account");
  // The link once more, for who has logged in since.
  sent(await who.open(link), "/account");
  assert.match((await who.open("/account")).banner, /password has been changed/);
});

test("another's link that confirms a registration names both, says what happens to who is logged in, and does that", async () => {
  await using world = await createProductionWorld();
  const who = await bobsBrowser(world);
  await world.auth.account.register(alice.email, alice.password);
  const page = await who.open(`/verify?token=${await deliverToken(world)}`);
  assert.match(
    page.html,
    /You are logged in as bob@example\.com, but this link is for a different account, shown below\. If you continue, bob@example\.com/,
  );
  const wrong = await who.fill(page, { password: "wrong" });
  assert.match(wrong.html, /You are logged in as bob@example\.com/);
  assert.match((await who.open("/account")).html, /<bdi>bob@example\.com<\/bdi>/);
  const bobs = who.cookies.get(cookie) ?? "";
  sent(await who.fill(page, { password: alice.password }), "/account");
  assert.match((await who.open("/account")).html, /<bdi>Alice@example\.com<\/bdi>/);
  assert.equal(await world.auth.getUserFromSessionId(bobs), null);
});

test("another's link that moves an account says so, and tells nobody which account moves", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world, alice);
  const hers = createVisitor(world);
  await logIn(hers, alice);
  await hers.fill(await hers.open("/account/email"), { email: "new@example.com" });
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token;
  const link = `/verify?token=${token}`;
  assert.doesNotMatch((await hers.open(link)).html, /this link is for a different account/i);
  assert.doesNotMatch((await createVisitor(world).open(link)).html, /this link is for a different account/i);
  const who = await bobsBrowser(world);
  const page = await who.open(link);
  assert.match(page.html, /You are logged in as bob@example\.com, but this link is for a different account/);
  assert.match(page.html, /<p class="who"><bdi>new@example\.com<\/bdi><\/p>/);
  assert.doesNotMatch(page.html, /alice/i);
  // The password of who is logged in moves nobody.
  assert.equal((await who.fill(page, { password: strongPassword })).status, 403);
  assert.match((await who.open("/account")).html, /<bdi>bob@example\.com<\/bdi>/);
  sent(await who.fill(page, { password: alice.password }), "/account");
  assert.match((await who.open("/account")).html, /<bdi>new@example\.com<\/bdi>/);
});

test("a registration beside an account that is logged in leads to the login of the new one", async () => {
  await using world = await createProductionWorld({
    REQUIRE_VERIFIED_EMAIL: "off",
    CONCEAL_ACCOUNTS: "off",
    UNSAFE_PRODUCTION: "1",
  });
  const stranger = createVisitor(world);
  const form = await stranger.open("/register");
  await world.auth.registerUser(owner.email, owner.password);
  await logIn(stranger, owner);
  sent(await stranger.fill(form, { email: alice.email, new_password: alice.password }), "/login");
  const login = await stranger.open("/login");
  assert.match(login.banner, /account has been created/);
  assert.equal(readField(login, "email"), alice.email);
  assert.match(login.html, /You are logged in as bob@example\.com/);
});
