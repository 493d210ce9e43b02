import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { createWorldWithFullQueue } from "../support/full-queue.ts";
import { createProductionWorld, deliverMails, owner, registerAndVerify } from "../support/production.ts";
import { bob, register } from "../support/steps.ts";
import { assertRedirect, createVisitor, findForms, logInByPage, readField } from "../support/visitor.ts";
import { createWorld, day, form, minute } from "../support/world.ts";

test("logging in on the page opens a session and sets the same cookies as the API", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const visitor = createVisitor(world);
  const page = await visitor.open("/login");
  assert.deepEqual([page.status, page.title], [200, "Log in · Bienvenue"]);
  const done = await visitor.submit(page, owner);
  assertRedirect(done, "/account");
  const api = await world.request("/sessions", { method: "POST", body: new URLSearchParams(owner) });
  const shape = ({ headers }: { headers: Headers }) =>
    headers.getSetCookie().map((each) => each.replace(/=[\w-]{43};/, "=…;"));
  assert.deepEqual(shape(done), shape(api));
  assert.match((await visitor.open("/account")).html, /bob@example\.com/);
});

test("a logged-in user is redirected from the login and the registration", async () => {
  await using world = await createWorld({ RETURN_ORIGINS: "https://app.example.com" });
  await register(world);
  const visitor = createVisitor(world);
  await logInByPage(visitor, bob);
  assertRedirect(await visitor.open("/login"), "/account");
  assertRedirect(await visitor.open("/login?return_to=/app"), "/app");
  assertRedirect(
    await visitor.open("/login?lang=fr&return_to=https%3A%2F%2Fapp.example.com%2Fa"),
    "https://app.example.com/a",
  );
  assertRedirect(await visitor.open("/login?return_to=//evil.example"), "/account");
  assertRedirect(await visitor.open("/register"), "/account");
});

test("the login keeps a valid return_to in its form, its links and after errors, and ignores an invalid one", async () => {
  await using world = await createWorld({ RETURN_ORIGINS: "https://app.example.com" });
  await register(world);
  const address = "https://app.example.com/a?b=%22c%22";
  for (const [returnTo, location] of [
    [address, address],
    ["/app", "/app"],
    ["https://evil.example/", "/account"],
    ["javascript:alert(1)", "/account"],
    ["/\\evil.example", "/account"],
  ] as const) {
    const visitor = createVisitor(world);
    const page = await visitor.open(`/login?${new URLSearchParams({ return_to: returnTo })}`);
    const failed = await visitor.submit(page, { ...bob, password: "wrong" });
    assert.equal(failed.status, 401);
    assert.equal(findForms(failed.html)[0]?.hidden.return_to, location === "/account" ? undefined : location);
    if (location !== "/account")
      assert.ok(page.html.includes(`/register?${new URLSearchParams({ return_to: location })}`));
    assertRedirect(await visitor.submit(failed, bob), location);
    // A client can send any value in the field too.
    assertRedirect(await visitor.submit(await visitorsPage(visitor), { ...bob, return_to: returnTo }), location);
  }
  async function visitorsPage(visitor: ReturnType<typeof createVisitor>) {
    visitor.cookies.delete("session_id");
    return visitor.open("/login");
  }
});

test("a wrong login shows one error for both fields, and keeps the typed address but not the password", async () => {
  await using world = await createWorld();
  await register(world);
  const visitor = createVisitor(world);
  const seen = [];
  for (const email of [bob.email, "eve@example.com"]) {
    const failed = await visitor.submit(await visitor.open("/login"), { email, password: "s3cr3t-wrong" });
    assert.equal(failed.status, 401);
    assert.equal(failed.title, "Error: Log in · Bienvenue");
    assert.match(failed.banner, /^Incorrect email address or password\./);
    assert.match(failed.html, /role="alert" tabindex="-1" autofocus/);
    assert.equal(readField(failed, "email"), email);
    assert.equal(readField(failed, "password"), undefined);
    assert.ok(!failed.html.includes("s3cr3t"));
    seen.push(failed.html.replaceAll(email, "E"));
  }
  assert.equal(seen[0], seen[1]);
});

test("every empty field has its own error message", async () => {
  await using world = await createWorld();
  const visitor = createVisitor(world);
  const failed = await visitor.submit(await visitor.open("/login?lang=fr"), { email: bob.email, password: "" });
  assert.equal(failed.status, 400);
  assert.equal(failed.banner, "Saisissez votre mot de passe.");
  assert.match(
    failed.html,
    /<input type="password" id="password"[^>]* aria-describedby="password-error" aria-invalid="true">/,
  );
  assert.match(failed.html, /<p class="error" id="password-error">Saisissez votre mot de passe\.<\/p>/);
  assert.match(failed.html, /<a href="#password">/);
  assert.doesNotMatch(failed.html, /id="email"[^>]* aria-invalid/);
});

test("too many attempts show the remaining time and a link to reset the password", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_LOGIN_ACCOUNT: "2/15m" });
  await register(world);
  const visitor = createVisitor(world);
  const page = await visitor.open("/login");
  for (let i = 0; i < 2; i++) assert.equal((await visitor.submit(page, { ...bob, password: "wrong" })).status, 401);
  world.clock.advance(5 * minute);
  const refused = await visitor.submit(page, bob);
  assert.deepEqual([refused.status, refused.headers.get("Retry-After")], [429, "600"]);
  assert.match(refused.banner, /^Too many attempts\. Try again in 10 minutes\.\s+Reset your password$/);
  assert.equal(readField(refused, "email"), bob.email);
  assert.match(
    (await visitor.submit(await visitor.open("/login?lang=fr"), bob)).banner,
    /^Trop de tentatives\. Réessayez dans 10\s+minutes\./,
  );
});

test("too many wrong passwords in a row show that only a password reset helps", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_LOGIN_STREAK: "2" });
  await register(world);
  const visitor = createVisitor(world);
  const page = await visitor.open("/login?return_to=/app");
  for (let i = 0; i < 2; i++) assert.equal((await visitor.submit(page, { ...bob, password: "wrong" })).status, 401);
  world.clock.advance(30 * day);
  const refused = await visitor.submit(page, bob);
  assert.deepEqual([refused.status, refused.headers.get("Retry-After")], [429, "86400"]);
  assert.match(
    refused.banner,
    /^Too many incorrect passwords\. To continue, reset your password\.\s+Reset your password$/,
  );
  assert.match(refused.html, /role="alert"[\s\S]*<p><a href="\/forgot\?return_to=%2Fapp">Reset your password<\/a>/);
  assert.equal(readField(refused, "email"), bob.email);
  const french = await visitor.submit(await visitor.open("/login?lang=fr"), bob);
  assert.match(french.banner, /^Trop de mots de passe incorrects\. Pour continuer, réinitialisez votre mot de passe/);
  assert.doesNotMatch(refused.banner + french.banner, /1 day|1 jour/);
  const api = await world.request("/sessions", { method: "POST", body: new URLSearchParams(bob) });
  assert.equal(await api.text(), '{"message":"too many wrong passwords in a row; reset the password"}\n');
});

test("a login without a verified address offers to send the link again", async () => {
  await using world = await createProductionWorld();
  const visitor = createVisitor(world);
  await world.auth.registerUser(owner.email, owner.password);
  const refused = await visitor.submit(await visitor.open("/login"), owner, "/login");
  assert.equal(refused.status, 403);
  assert.match(refused.banner, /not been verified yet/);
  assertRedirect(await visitor.submit(refused, {}, "/verify"), "/mailbox");
  assert.deepEqual(
    (await deliverMails(world)).map(({ kind, to }) => [kind, to]),
    [["confirm_email", owner.email]],
  );
});

test("every wrong login says in the same words how to verify a new address", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world, { ...owner, email: "known@example.com" });
  await world.request("/users", form(owner));
  await deliverMails(world);
  for (const [language, said] of [
    ["en", /Just created your account\? Verify your email address first: open the link we sent you/],
    ["fr", /Vous venez de créer votre compte\s\? Confirmez d’abord votre adresse e-mail/],
  ] as const) {
    const messages: string[] = [];
    for (const email of [owner.email, "known@example.com", "nobody@example.com"]) {
      const visitor = createVisitor(world);
      const password = email === owner.email ? owner.password : "a wrong Password";
      const refused = await visitor.submit(await visitor.open(`/login?lang=${language}`), { email, password });
      assert.equal(refused.status, 401);
      messages.push(refused.banner);
      assert.match(refused.banner, said);
    }
    assert.deepEqual([...new Set(messages)].length, 1);
  }
  const visitor = createVisitor(world);
  const refused = await visitor.submit(await visitor.open("/login"), owner, "/login");
  assertRedirect(await visitor.submit(refused, {}, "/verify"), "/mailbox");
  assert.deepEqual(
    (await deliverMails(world)).map(({ kind, to }) => [kind, to]),
    [["confirm_email", owner.email]],
  );
});

test("a wrong login does not mention verification if it is not required", async () => {
  await using world = await createWorld();
  const visitor = createVisitor(world);
  const refused = await visitor.submit(await visitor.open("/login"), bob);
  assert.equal(refused.status, 401);
  assert.doesNotMatch(refused.banner, /confirm/);
});

test("if the service is busy, the form shows an error and keeps the typed address", async () => {
  await using world = await createWorldWithFullQueue();
  const visitor = createVisitor(world);
  const failed = await visitor.submit(await visitor.open("/login"), bob);
  assert.equal(failed.status, 503);
  assert.match(failed.banner, /^The service is busy\. Try again in \d seconds?\.$/);
  assert.ok(failed.headers.has("Retry-After"));
  assert.equal(readField(failed, "email"), bob.email);
});
