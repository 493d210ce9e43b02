import assert from "node:assert/strict";
import { DevOutbox } from "../../src/mail/dev-outbox.ts";
import { silent } from "../../src/observe/log.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { test } from "../support/engines.ts";
import { deliverMails } from "../support/production.ts";
import { bob, register } from "../support/steps.ts";
import { createVisitor, logIn, readField, sent } from "../support/visitor.ts";
import { createWorld } from "../support/world.ts";

test("the mailbox has the mail sent again, and too many are refused there", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_MAIL_ACCOUNT: "2/1h" });
  await register(world);
  const who = createVisitor(world);
  await who.fill(await who.open("/forgot"), { email: bob.email });
  assert.equal((await who.open("/mailbox")).banner, "");
  sent(await who.fill(await who.open("/mailbox"), {}), "/mailbox");
  assert.equal((await deliverMails(world)).length, 1, "the newer one in place of the one that waited");
  const again = await who.open("/mailbox");
  assert.equal(again.banner, "If there is an email to send, we sent it again.");
  assert.match(again.html, /role="status"/);
  assert.match(again.html, /<a class="link" href="\/login">Back to login<\/a>/);
  const refused = await who.fill(await who.open("/mailbox"), {});
  assert.equal(refused.status, 429);
  assert.match(refused.banner, /^Too many attempts\. Try again in 1 hour\.$/);
  assert.equal(readField(refused, "email"), bob.email);
});

test("a mailbox says how long a link works as the mail does, and leads back to who is logged in", async () => {
  await using world = await createWorld({ RESET_TOKEN_LIFETIME: "150m" });
  await register(world);
  const who = createVisitor(world);
  await logIn(who, bob);
  await who.fill(await who.open("/forgot"), { email: bob.email });
  const { html } = await who.open("/mailbox");
  assert.match(html, /works once and expires in 150 minutes\./);
  assert.match(html, /<a class="link" href="\/account">Back to your account<\/a>/);
});

test("in development it says where the mail waits, to this machine alone", async () => {
  const outbox = new DevOutbox(readSettings(), silent);
  await using world = await createWorld({}, { outbox });
  await register(world);
  const here = createVisitor(world);
  for (const path of ["/forgot", "/verify"]) assert.match((await here.open(path)).html, /href="\/dev\/outbox"/);
  await here.fill(await here.open("/forgot"), { email: bob.email });
  assert.match((await here.open("/mailbox")).html, /href="\/dev\/outbox"/);
  for (const who of [
    createVisitor(world, { ip: "192.0.2.1" }),
    createVisitor(world, { "X-Forwarded-For": "127.0.0.1" }),
  ]) {
    assert.doesNotMatch((await who.open("/forgot")).html, /outbox/);
  }
  await using other = await createWorld();
  assert.doesNotMatch((await createVisitor(other).open("/forgot")).html, /outbox/);
});
