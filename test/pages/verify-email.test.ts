import assert from "node:assert/strict";
import { AuthError } from "../../src/errors.ts";
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
import { createWorld, type World } from "../support/world.ts";

/** Registers on the page and returns the emailed link. */
async function registerAndGetLink(world: World, visitor: Visitor): Promise<string> {
  assertRedirect(
    await visitor.submit(await visitor.open("/register"), { email: owner.email, new_password: strongPassword }),
    "/mailbox",
  );
  return `/verify?token=${await deliverToken(world)}`;
}

test("the emailed link and the chosen password verify the address and log in", async () => {
  await using world = await createProductionWorld();
  const visitor = createVisitor(world);
  const link = await registerAndGetLink(world, visitor);
  for (let i = 0; i < 3; i++) assert.equal((await visitor.open(link)).status, 200);
  const page = await visitor.open(link);
  assert.equal(page.headers.get("Referrer-Policy"), "no-referrer");
  const wrong = await visitor.submit(page, { password: "not-the-one" });
  assert.deepEqual([wrong.status, wrong.title], [403, "Error: Verify your email address · Bienvenue"]);
  assert.match(wrong.banner, /^This is not the password you chose.*Create an account$/s);
  assert.match(wrong.html, /role="alert"[\s\S]*<p><a href="\/register">Create an account<\/a>/);
  assert.match(wrong.html, /id="password"[^>]* aria-invalid="true"/);
  const empty = await visitor.submit(wrong, { password: "" });
  assert.deepEqual([empty.status, empty.banner], [400, "Enter your password."]);
  assert.ok(!visitor.cookies.has("__Host-session_id"));
  assertRedirect(await visitor.submit(wrong, { password: strongPassword }), "/account");
  assert.match((await visitor.open("/account")).html, /bob@example\.com<\/bdi> <span class="badge good">Verified/);
  assert.match((await createVisitor(world).open(link)).title, /^Error: This link no longer works/);
});

test("an invalid link shows a form for a new one, which responds the same for every address", async () => {
  await using world = await createProductionWorld();
  const visitor = createVisitor(world);
  await registerAndGetLink(world, visitor);
  for (const path of ["/verify?token=x", "/verify?token=", "/verify"]) {
    const page = await visitor.open(path);
    assert.equal(page.status, path === "/verify" ? 200 : 403);
    for (const email of [owner.email, "nobody@example.com"])
      assertRedirect(await visitor.submit(page, { email }), "/mailbox");
    assert.equal((await deliverMails(world)).length, 1);
  }
  const refused = await visitor.submit(await visitor.open("/verify"), { email: "nobody" });
  assert.equal(refused.status, 400);
});

test("an empty password gets an error and uses no attempt", async () => {
  await using world = await createProductionWorld({ LIMIT_REDEMPTION_NETWORK: "1/15m" });
  const visitor = createVisitor(world);
  const page = await visitor.open(await registerAndGetLink(world, visitor));
  for (let i = 0; i < 3; i++) {
    const empty = await visitor.submit(page, { password: "" });
    assert.deepEqual([empty.status, empty.banner], [400, "Enter your password."]);
  }
  assertRedirect(await visitor.submit(page, { password: strongPassword }), "/account");
});

test("an invalid link says what to do without revealing whether an account exists", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const visitor = createVisitor(world);
  const page = await visitor.open("/verify?token=x");
  assert.match(page.html, /If your address is already verified, log in\./);
  assert.match(page.html, /To change your address, start again from your account\./);
  assert.match(page.html, /<a class="button plain" href="\/login">Log in<\/a>/);
  const seen = [];
  for (const email of [owner.email, "nobody@example.com"]) {
    assertRedirect(await visitor.submit(page, { email }), "/mailbox");
    const { html } = await visitor.open("/mailbox");
    assert.match(html, /<p>If this address still needs to be verified, we sent a link to it\./);
    assert.doesNotMatch(html, /role="status"|We sent/);
    seen.push(html.replaceAll(email, "E"));
  }
  assert.equal(seen[0], seen[1]);
  assert.deepEqual(await deliverMails(world), []);
});

test("an email change asks for the account's password and links to the password reset", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const visitor = createVisitor(world);
  await logInByPage(visitor, owner);
  assertRedirect(await visitor.submit(await visitor.open("/account/email"), { email: "new@example.com" }), "/mailbox");
  const mailbox = await visitor.open("/mailbox");
  assert.match(mailbox.html, /Open it and enter your password to complete the change/);
  assert.match(mailbox.html, /<a class="button plain" href="\/account\/email">Resend email<\/a>/);
  assert.match(mailbox.html, /<a class="link" href="\/account">Back to your account<\/a>/);
  assert.equal(readField(await visitor.open("/account/email"), "email"), "new@example.com");
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token;
  const page = await visitor.open(`/verify?token=${token}`);
  for (const html of [page.html, (await visitor.submit(page, { password: "not-the-one" })).html]) {
    assert.match(html, /<label for="password">Current password<\/label>/);
    assert.match(html, /to use this email address for your account/);
    assert.match(html, /<button class="button">Verify email address<\/button>/);
    assert.doesNotMatch(html, /you chose|register/);
  }
  const wrong = await visitor.submit(page, { password: "not-the-one" });
  assert.match(wrong.banner, /^Incorrect password\. Try again\.\s+Reset your password$/);
  assert.match(wrong.html, /role="alert"[\s\S]*<p><a href="\/forgot">/);
});

test("too many wrong passwords in a row show a link: to register again, or to reset the password", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_STREAK: "1" });
  const visitor = createVisitor(world);
  const page = await visitor.open(await registerAndGetLink(world, visitor));
  assert.equal((await visitor.submit(page, { password: "wrong" })).status, 403);
  const refused = await visitor.submit(page, { password: strongPassword });
  assert.equal(refused.status, 429);
  assert.match(refused.banner, /^Too many incorrect passwords\. .* create your account again\.\s+Create an account$/);
  assert.match(refused.html, /role="alert"[\s\S]*<p><a href="\/register">/);
  assertRedirect(
    await visitor.submit(await visitor.open(await registerAndGetLink(world, visitor)), { password: strongPassword }),
    "/account",
  );
  assertRedirect(await visitor.submit(await visitor.open("/account/email"), { email: "new@example.com" }), "/mailbox");
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token;
  const emailChange = await visitor.open(`/verify?token=${token}`);
  assert.equal((await visitor.submit(emailChange, { password: "wrong" })).status, 403);
  const locked = await visitor.submit(emailChange, { password: strongPassword });
  assert.match(locked.banner, /^Too many incorrect passwords\. .*\s+Reset your password$/);
  assert.match(locked.html, /role="alert"[\s\S]*<p><a href="\/forgot">/);
});

test("verifying a new address keeps a logged-in user logged in, and logs in any other browser", async () => {
  for (const isLoggedIn of [true, false]) {
    await using world = await createWorld();
    await world.auth.registerUser(owner.email, owner.password);
    const visitor = createVisitor(world);
    await logInByPage(visitor, owner);
    const response = await visitor.submit(await visitor.open("/account/email"), {
      email: "new@example.com",
      password: strongPassword,
    });
    assertRedirect(response, "/mailbox");
    assert.match((await visitor.open("/mailbox")).html, /new@example\.com/);
    const link = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token;
    const reader = isLoggedIn ? visitor : createVisitor(world);
    const page = await reader.open(`/verify?token=${link}`);
    assertRedirect(await reader.submit(page, { password: strongPassword }), "/account");
    const account = await reader.open("/account");
    assert.match(account.html, /<bdi>new@example\.com<\/bdi>/);
    if (isLoggedIn) assert.match(account.banner, /^Your email address has been changed/);
  }
});

test("verifying an address logs in immediately even if the account's limit is reached", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_ACCOUNT: "1/15m" });
  const visitor = createVisitor(world);
  const link = await registerAndGetLink(world, visitor);
  await visitor.submit(await visitor.open("/login"), { email: owner.email, password: "wrong" }, "/login");
  assertRedirect(await visitor.submit(await visitor.open(link), { password: strongPassword }), "/account");
});

test("an address is verified even if the login afterwards fails", async () => {
  await using world = await createProductionWorld();
  const visitor = createVisitor(world);
  const link = await registerAndGetLink(world, visitor);
  const page = await visitor.open(link);
  world.auth.logIn = () => Promise.reject(new AuthError("busy", "too many logins"));
  assertRedirect(await visitor.submit(page, { password: strongPassword }), "/login");
  assert.match((await visitor.open("/login")).banner, /^Your email address has been verified/);
});

test("a user who registers through the API can log in on the page", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  await logInByPage(createVisitor(world), owner);
});
