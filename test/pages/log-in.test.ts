import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { createFullWorld } from "../support/full-world.ts";
import { createProductionWorld, deliverMails, owner, registerAndConfirm } from "../support/production.ts";
import { bob, register } from "../support/steps.ts";
import { createVisitor, findForms, logIn, readField, sent } from "../support/visitor.ts";
import { createWorld, day, form, minute } from "../support/world.ts";

test("logging in by the page opens a session, whose cookies are those that the API sets", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  const who = createVisitor(world);
  const page = await who.open("/login");
  assert.deepEqual([page.status, page.title], [200, "Log in · Bienvenue"]);
  const done = await who.fill(page, owner);
  sent(done, "/account");
  const api = await world.request("/sessions", { method: "POST", body: new URLSearchParams(owner) });
  const shape = ({ headers }: { headers: Headers }) =>
    headers.getSetCookie().map((each) => each.replace(/=[\w-]{43};/, "=…;"));
  assert.deepEqual(shape(done), shape(api));
  assert.match((await who.open("/account")).html, /bob@example\.com/);
});

test("a logged-in person goes on", async () => {
  await using world = await createWorld({ RETURN_ORIGINS: "https://app.example.com" });
  await register(world);
  const who = createVisitor(world);
  await logIn(who, bob);
  sent(await who.open("/login"), "/account");
  sent(await who.open("/login?return_to=/app"), "/app");
  sent(await who.open("/login?lang=fr&return_to=https%3A%2F%2Fapp.example.com%2Fa"), "https://app.example.com/a");
  sent(await who.open("/login?return_to=//evil.example"), "/account");
  sent(await who.open("/register"), "/account");
});

test("return_to goes along with the form, its failures and its links, and only where it may", async () => {
  await using world = await createWorld({ RETURN_ORIGINS: "https://app.example.com" });
  await register(world);
  const address = "https://app.example.com/a?b=%22c%22";
  for (const [wanted, gone] of [
    [address, address],
    ["/app", "/app"],
    ["https://evil.example/", "/account"],
    ["javascript:alert(1)", "/account"],
    ["/\\evil.example", "/account"],
  ] as const) {
    const who = createVisitor(world);
    const page = await who.open(`/login?${new URLSearchParams({ return_to: wanted })}`);
    const failed = await who.fill(page, { ...bob, password: "wrong" });
    assert.equal(failed.status, 401);
    assert.equal(findForms(failed.html)[0]?.hidden.return_to, gone === "/account" ? undefined : gone);
    if (gone !== "/account") assert.ok(page.html.includes(`/register?${new URLSearchParams({ return_to: gone })}`));
    sent(await who.fill(failed, bob), gone);
    // The field may be anybody's too.
    sent(await who.fill(await visitorsPage(who), { ...bob, return_to: wanted }), gone);
  }
  async function visitorsPage(who: ReturnType<typeof createVisitor>) {
    who.cookies.delete("session_id");
    return who.open("/login");
  }
});

test("a wrong login is told, tied to nothing that would tell which was wrong, and keeps the address alone", async () => {
  await using world = await createWorld();
  await register(world);
  const who = createVisitor(world);
  const seen = [];
  for (const email of [bob.email, "eve@example.com"]) {
    const failed = await who.fill(await who.open("/login"), { email, password: "s3cr3t-wrong" });
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

test("a field that is left empty is named, and the mistake is tied to it", async () => {
  await using world = await createWorld();
  const who = createVisitor(world);
  const failed = await who.fill(await who.open("/login?lang=fr"), { email: bob.email, password: "" });
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

test("too many tries are told with the time that is left, and a way out", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_LOGIN_ACCOUNT: "2/15m" });
  await register(world);
  const who = createVisitor(world);
  const page = await who.open("/login");
  for (let i = 0; i < 2; i++) assert.equal((await who.fill(page, { ...bob, password: "wrong" })).status, 401);
  world.clock.advance(5 * minute);
  const refused = await who.fill(page, bob);
  assert.deepEqual([refused.status, refused.headers.get("Retry-After")], [429, "600"]);
  assert.match(refused.banner, /^Too many attempts\. Try again in 10 minutes\.\s+Reset your password$/);
  assert.equal(readField(refused, "email"), bob.email);
  assert.match(
    (await who.fill(await who.open("/login?lang=fr"), bob)).banner,
    /^Trop de tentatives\. Réessayez dans 10\s+minutes\./,
  );
});

test("too many wrong passwords in a row are told apart: waiting will not help, a new password does", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_LOGIN_STREAK: "2" });
  await register(world);
  const who = createVisitor(world);
  const page = await who.open("/login?return_to=/app");
  for (let i = 0; i < 2; i++) assert.equal((await who.fill(page, { ...bob, password: "wrong" })).status, 401);
  world.clock.advance(30 * day);
  const refused = await who.fill(page, bob);
  assert.deepEqual([refused.status, refused.headers.get("Retry-After")], [429, "86400"]);
  assert.match(
    refused.banner,
    /^Too many incorrect passwords\. To continue, reset your password\.\s+Reset your password$/,
  );
  assert.match(refused.html, /role="alert"[\s\S]*<p><a href="\/forgot\?return_to=%2Fapp">Reset your password<\/a>/);
  assert.equal(readField(refused, "email"), bob.email);
  const french = await who.fill(await who.open("/login?lang=fr"), bob);
  assert.match(french.banner, /^Trop de mots de passe incorrects\. Pour continuer, réinitialisez votre mot de passe/);
  assert.doesNotMatch(refused.banner + french.banner, /1 day|1 jour/);
  const api = await world.request("/sessions", { method: "POST", body: new URLSearchParams(bob) });
  assert.equal(await api.text(), '{"message":"too many wrong passwords in a row; reset the password"}\n');
});

test("who has not confirmed the address can have the link sent again, from there", async () => {
  await using world = await createProductionWorld();
  const who = createVisitor(world);
  await world.auth.registerUser(owner.email, owner.password);
  const refused = await who.fill(await who.open("/login"), owner, "/login");
  assert.equal(refused.status, 403);
  assert.match(refused.banner, /not been verified yet/);
  sent(await who.fill(refused, {}, "/verify"), "/mailbox");
  assert.deepEqual(
    (await deliverMails(world)).map(({ kind, to }) => [kind, to]),
    [["confirm_email", owner.email]],
  );
});

test("every wrong login says how to confirm an address that was just registered, in the same words", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world, { ...owner, email: "known@example.com" });
  await world.request("/users", form(owner));
  await deliverMails(world);
  for (const [language, said] of [
    ["en", /Just created your account\? Verify your email address first: open the link we sent you/],
    ["fr", /Vous venez de créer votre compte\s\? Confirmez d’abord votre adresse e-mail/],
  ] as const) {
    const told: string[] = [];
    for (const email of [owner.email, "known@example.com", "nobody@example.com"]) {
      const who = createVisitor(world);
      const password = email === owner.email ? owner.password : "a wrong Password";
      const refused = await who.fill(await who.open(`/login?lang=${language}`), { email, password });
      assert.equal(refused.status, 401);
      told.push(refused.banner);
      assert.match(refused.banner, said);
    }
    assert.deepEqual([...new Set(told)].length, 1);
  }
  const who = createVisitor(world);
  const refused = await who.fill(await who.open("/login"), owner, "/login");
  sent(await who.fill(refused, {}, "/verify"), "/mailbox");
  assert.deepEqual(
    (await deliverMails(world)).map(({ kind, to }) => [kind, to]),
    [["confirm_email", owner.email]],
  );
});

test("where addresses need no confirming, a wrong login says nothing of it", async () => {
  await using world = await createWorld();
  const who = createVisitor(world);
  const refused = await who.fill(await who.open("/login"), bob);
  assert.equal(refused.status, 401);
  assert.doesNotMatch(refused.banner, /confirm/);
});

test("a busy service is told above the form, which keeps what was typed", async () => {
  await using world = await createFullWorld();
  const who = createVisitor(world);
  const failed = await who.fill(await who.open("/login"), bob);
  assert.equal(failed.status, 503);
  assert.match(failed.banner, /^The service is busy\. Try again in \d seconds?\.$/);
  assert.ok(failed.headers.has("Retry-After"));
  assert.equal(readField(failed, "email"), bob.email);
});
