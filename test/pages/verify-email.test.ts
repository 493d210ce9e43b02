import assert from "node:assert/strict";
import { AuthError } from "../../src/errors.ts";
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
import { createWorld, type World } from "../support/world.ts";

/** Registers by the page; the link that is mailed. */
async function registered(world: World, who: Visitor): Promise<string> {
  sent(await who.fill(await who.open("/register"), { email: owner.email, new_password: strongPassword }), "/mailbox");
  return `/verify?token=${await deliverToken(world)}`;
}

test("a mailed link and the password that was chosen confirm the address, and log in", async () => {
  await using world = await createProductionWorld();
  const who = createVisitor(world);
  const link = await registered(world, who);
  for (let i = 0; i < 3; i++) assert.equal((await who.open(link)).status, 200);
  const page = await who.open(link);
  assert.equal(page.headers.get("Referrer-Policy"), "no-referrer");
  const wrong = await who.fill(page, { password: "not-the-one" });
  assert.deepEqual([wrong.status, wrong.title], [403, "Error: Verify your email address · Bienvenue"]);
  assert.match(wrong.banner, /^This is not the password you chose.*Create an account$/s);
  assert.match(wrong.html, /role="alert"[\s\S]*<p><a href="\/register">Create an account<\/a>/);
  assert.match(wrong.html, /id="password"[^>]* aria-invalid="true"/);
  const empty = await who.fill(wrong, { password: "" });
  assert.deepEqual([empty.status, empty.banner], [400, "Enter your password."]);
  assert.ok(!who.cookies.has("__Host-session_id"));
  sent(await who.fill(wrong, { password: strongPassword }), "/account");
  assert.match((await who.open("/account")).html, /bob@example\.com<\/bdi> <span class="badge good">Verified/);
  assert.match((await createVisitor(world).open(link)).title, /^Error: This link no longer works/);
});

test("a link that no longer works has a form for a new one, which is answered alike for every address", async () => {
  await using world = await createProductionWorld();
  const who = createVisitor(world);
  await registered(world, who);
  for (const path of ["/verify?token=x", "/verify?token=", "/verify"]) {
    const page = await who.open(path);
    assert.equal(page.status, path === "/verify" ? 200 : 403);
    for (const email of [owner.email, "nobody@example.com"]) sent(await who.fill(page, { email }), "/mailbox");
    assert.equal((await deliverMails(world)).length, 1);
  }
  const refused = await who.fill(await who.open("/verify"), { email: "nobody" });
  assert.equal(refused.status, 400);
});

test("a password that was left out is asked for, and costs no try", async () => {
  await using world = await createProductionWorld({ LIMIT_REDEMPTION_NETWORK: "1/15m" });
  const who = createVisitor(world);
  const page = await who.open(await registered(world, who));
  for (let i = 0; i < 3; i++) {
    const empty = await who.fill(page, { password: "" });
    assert.deepEqual([empty.status, empty.banner], [400, "Enter your password."]);
  }
  sent(await who.fill(page, { password: strongPassword }), "/account");
});

test("an old link tells who has confirmed, or moves, what to do, and nobody whether there is an account", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  const who = createVisitor(world);
  const page = await who.open("/verify?token=x");
  assert.match(page.html, /If your address is already verified, log in\./);
  assert.match(page.html, /To change your address, start again from your account\./);
  assert.match(page.html, /<a class="button plain" href="\/login">Log in<\/a>/);
  const seen = [];
  for (const email of [owner.email, "nobody@example.com"]) {
    sent(await who.fill(page, { email }), "/mailbox");
    const { html } = await who.open("/mailbox");
    assert.match(html, /<p>If this address is waiting to be verified, we sent a link to it\./);
    assert.doesNotMatch(html, /role="status"|We sent/);
    seen.push(html.replaceAll(email, "E"));
  }
  assert.equal(seen[0], seen[1]);
  assert.deepEqual(await deliverMails(world), []);
});

test("who moves is asked for the password of the account, and told where a forgotten one is replaced", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  const who = createVisitor(world);
  await logIn(who, owner);
  sent(await who.fill(await who.open("/account/email"), { email: "new@example.com" }), "/mailbox");
  const mailbox = await who.open("/mailbox");
  assert.match(mailbox.html, /Open it and enter your password to complete the change/);
  assert.match(mailbox.html, /<a class="button plain" href="\/account\/email">Resend email<\/a>/);
  assert.match(mailbox.html, /<a class="link" href="\/account">Back to your account<\/a>/);
  assert.equal(readField(await who.open("/account/email"), "email"), "new@example.com");
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token;
  const page = await who.open(`/verify?token=${token}`);
  for (const html of [page.html, (await who.fill(page, { password: "not-the-one" })).html]) {
    assert.match(html, /<label for="password">Current password<\/label>/);
    assert.match(html, /to use this email address for your account/);
    assert.match(html, /<button class="button">Verify email address<\/button>/);
    assert.doesNotMatch(html, /you chose|register/);
  }
  const wrong = await who.fill(page, { password: "not-the-one" });
  assert.match(wrong.banner, /^Incorrect password\. Try again\.\s+Reset your password$/);
  assert.match(wrong.html, /role="alert"[\s\S]*<p><a href="\/forgot">/);
});

test("too many wrong passwords in a row are told with the way out: to register again, or to reset the account's", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_STREAK: "1" });
  const who = createVisitor(world);
  const page = await who.open(await registered(world, who));
  assert.equal((await who.fill(page, { password: "wrong" })).status, 403);
  const refused = await who.fill(page, { password: strongPassword });
  assert.equal(refused.status, 429);
  assert.match(refused.banner, /^Too many incorrect passwords\. .* create your account again\.\s+Create an account$/);
  assert.match(refused.html, /role="alert"[\s\S]*<p><a href="\/register">/);
  sent(await who.fill(await who.open(await registered(world, who)), { password: strongPassword }), "/account");
  sent(await who.fill(await who.open("/account/email"), { email: "new@example.com" }), "/mailbox");
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token;
  const move = await who.open(`/verify?token=${token}`);
  assert.equal((await who.fill(move, { password: "wrong" })).status, 403);
  const locked = await who.fill(move, { password: strongPassword });
  assert.match(locked.banner, /^Too many incorrect passwords\. .*\s+Reset your password$/);
  assert.match(locked.html, /role="alert"[\s\S]*<p><a href="\/forgot">/);
});

test("confirming a new address keeps who is logged in, and logs in who is not", async () => {
  for (const isLoggedIn of [true, false]) {
    await using world = await createWorld();
    await world.auth.registerUser(owner.email, owner.password);
    const who = createVisitor(world);
    await logIn(who, owner);
    const asked = await who.fill(await who.open("/account/email"), {
      email: "new@example.com",
      password: strongPassword,
    });
    sent(asked, "/mailbox");
    assert.match((await who.open("/mailbox")).html, /new@example\.com/);
    const link = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token;
    const reader = isLoggedIn ? who : createVisitor(world);
    const page = await reader.open(`/verify?token=${link}`);
    sent(await reader.fill(page, { password: strongPassword }), "/account");
    const account = await reader.open("/account");
    assert.match(account.html, /<bdi>new@example\.com<\/bdi>/);
    if (isLoggedIn) assert.match(account.banner, /^Your email address has been changed/);
  }
});

test("an address that is confirmed while others' attempts are limited logs in at once", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_ACCOUNT: "1/15m" });
  const who = createVisitor(world);
  const link = await registered(world, who);
  await who.fill(await who.open("/login"), { email: owner.email, password: "wrong" }, "/login");
  sent(await who.fill(await who.open(link), { password: strongPassword }), "/account");
});

test("an address that is confirmed while nobody can log in is confirmed all the same", async () => {
  await using world = await createProductionWorld();
  const who = createVisitor(world);
  const link = await registered(world, who);
  const page = await who.open(link);
  world.auth.logIn = () => Promise.reject(new AuthError("busy", "too many logins"));
  sent(await who.fill(page, { password: strongPassword }), "/login");
  assert.match((await who.open("/login")).banner, /^Your email address has been verified/);
});

test("joining by the API and by the pages comes to the same", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  await logIn(createVisitor(world), owner);
});
