import assert from "node:assert/strict";
import { DevOutbox } from "../../src/mail/dev-outbox.ts";
import { silent } from "../../src/observe/log.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { test } from "../support/engines.ts";
import { createProduction, join, mailed, mailedToken, owner, strong } from "../support/production.ts";
import { bob, canLogIn, register } from "../support/steps.ts";
import { logIn, sent, shownIn, visitor } from "../support/visitor.ts";
import { createWorld, hour } from "../support/world.ts";

test("a mailed link leads to a new password, once, and out of every session", async () => {
  await using world = await createWorld();
  await register(world);
  const [who, device] = [visitor(world), visitor(world)];
  sent(await device.fill(await device.open("/login"), bob), "/account");
  sent(await who.fill(await who.open("/forgot"), { email: " Bob@Example.com " }), "/mailbox");
  assert.match((await who.open("/mailbox")).html, /<bdi>Bob@Example\.com<\/bdi>/);
  const link = `/reset?token=${await mailedToken(world)}`;
  for (let i = 0; i < 3; i++) assert.equal((await who.open(link)).status, 200);
  const page = await who.open(link);
  assert.equal(page.headers.get("Referrer-Policy"), "no-referrer");
  assert.match(page.html, /value="bob@example\.com" autocomplete="username" readonly hidden/);
  assert.match(page.html, /action="\/reset"/);
  const refused = await who.fill(page, { new_password: "" });
  assert.equal(refused.told, "Choose a password.");
  assert.equal(refused.headers.get("Referrer-Policy"), "no-referrer");
  sent(await who.fill(refused, { new_password: "t4rt1fl3tt3" }), "/login");
  const done = await who.open("/login");
  assert.match(done.told, /new password is saved/);
  assert.equal(shownIn(done, "email"), bob.email);
  assert.ok(!who.cookies.has("session_id"));
  assert.ok(await canLogIn(world, { ...bob, password: "t4rt1fl3tt3" }));
  sent(await device.open("/account"), "/login?return_to=%2Faccount");
  const dead = await who.fill(page, { new_password: "another-one" });
  assert.equal(dead.status, 403);
  assert.match(dead.title, /^Error: This link no longer works/);
  assert.match(dead.html, /<a class="button" href="\/forgot">/);
  assert.ok(!(await canLogIn(world, { ...bob, password: "another-one" })));
});

test("a link that is used, old, replaced, made up or too long says so, with a button for a new one", async () => {
  await using world = await createWorld();
  await register(world);
  const who = visitor(world);
  const link = async () => {
    await world.auth.resetPassword.request(bob.email);
    return `/reset?token=${await mailedToken(world)}`;
  };
  const replaced = await link();
  const old = await link();
  assert.match((await who.open(old)).title, /^Choose a new password/);
  world.clock.forward(hour + 1);
  for (const path of [replaced, old, "/reset", "/reset?token=", "/reset?token=x", `/reset?token=${"x".repeat(5000)}`]) {
    const page = await who.open(path);
    assert.match(page.title, /^Error: This link no longer works/);
    assert.match(page.html, /<a class="button" href="\/forgot">Get a new link<\/a>/);
    assert.doesNotMatch(page.html, /<form/);
  }
});

test("asking for a link is answered alike with and without an account", async () => {
  await using world = await createProduction();
  await join(world);
  const seen = [];
  for (const email of [owner.email, "nobody@example.com"]) {
    const who = visitor(world);
    const done = await who.fill(await who.open("/forgot?lang=fr"), { email });
    sent(done, "/mailbox?lang=fr");
    seen.push(
      (await who.open("/mailbox?lang=fr")).html
        .replaceAll(email, "E")
        .replace(who.cookies.get("__Host-form") ?? "", ""),
    );
  }
  assert.equal(seen[0], seen[1]);
  assert.equal((await mailed(world)).length, 1);
  const refused = await visitor(world).open("/mailbox");
  sent(refused, "/login");
});

test("the mailbox has the mail sent again, and too many are refused there", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_MAIL_ACCOUNT: "2/1h" });
  await register(world);
  const who = visitor(world);
  await who.fill(await who.open("/forgot"), { email: bob.email });
  assert.equal((await who.open("/mailbox")).told, "");
  sent(await who.fill(await who.open("/mailbox"), {}), "/mailbox");
  assert.equal((await mailed(world)).length, 1, "the newer one in place of the one that waited");
  const again = await who.open("/mailbox");
  assert.equal(again.told, "If there is a mail to send, we sent it again.");
  assert.match(again.html, /role="status"/);
  assert.match(again.html, /<a class="link" href="\/login">Back to log in<\/a>/);
  const refused = await who.fill(await who.open("/mailbox"), {});
  assert.equal(refused.status, 429);
  assert.match(refused.told, /^Too many tries\. Come back in 1 hour\.$/);
  assert.equal(shownIn(refused, "email"), bob.email);
});

test("a mailbox says how long a link works as the mail does, and leads back to who is logged in", async () => {
  await using world = await createWorld({ RESET_TOKEN_LIFETIME: "150m" });
  await register(world);
  const who = visitor(world);
  await logIn(who, bob);
  await who.fill(await who.open("/forgot"), { email: bob.email });
  const { html } = await who.open("/mailbox");
  assert.match(html, /works once, for 150 minutes\./);
  assert.match(html, /<a class="link" href="\/account">Back to my account<\/a>/);
});

test("a token is in no log, whatever comes of it", async () => {
  await using world = await createProduction();
  await join(world);
  const who = visitor(world);
  await who.fill(await who.open("/forgot"), { email: owner.email });
  const token = await mailedToken(world);
  const page = await who.open(`/reset?token=${token}`);
  await who.fill(page, { new_password: "x" });
  sent(await who.fill(page, { new_password: `${strong}2` }), "/login");
  await who.fill(page, { new_password: strong });
  await world.db.close();
  await who.open(`/reset?token=${token}`);
  const told = JSON.stringify(world.logged);
  assert.ok(told.includes("/reset"));
  for (const secret of [token, owner.email, strong]) assert.ok(!told.includes(secret), secret);
});

test("in development it says where the mail waits, to this machine alone", async () => {
  const outbox = new DevOutbox(readSettings(), silent);
  await using world = await createWorld({}, { outbox });
  await register(world);
  const here = visitor(world);
  for (const path of ["/forgot", "/verify"]) assert.match((await here.open(path)).html, /href="\/dev\/outbox"/);
  await here.fill(await here.open("/forgot"), { email: bob.email });
  assert.match((await here.open("/mailbox")).html, /href="\/dev\/outbox"/);
  for (const who of [visitor(world, { ip: "192.0.2.1" }), visitor(world, { "X-Forwarded-For": "127.0.0.1" })]) {
    assert.doesNotMatch((await who.open("/forgot")).html, /outbox/);
  }
  await using other = await createWorld();
  assert.doesNotMatch((await visitor(other).open("/forgot")).html, /outbox/);
});
