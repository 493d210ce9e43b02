import assert from "node:assert/strict";
import { DevOutbox } from "../../src/mail/dev-outbox.ts";
import { silent } from "../../src/observe/log.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { test } from "../support/engines.ts";
import { deliverMails } from "../support/production.ts";
import { bob, register } from "../support/steps.ts";
import { assertRedirect, createVisitor, logInByPage, readField } from "../support/visitor.ts";
import { createWorld } from "../support/world.ts";

test("the mailbox page sends the email again, and shows an error after too many", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_MAIL_ACCOUNT: "2/1h" });
  await register(world);
  const visitor = createVisitor(world);
  await visitor.submit(await visitor.open("/forgot"), { email: bob.email });
  assert.equal((await visitor.open("/mailbox")).banner, "");
  assertRedirect(await visitor.submit(await visitor.open("/mailbox"), {}), "/mailbox");
  assert.equal((await deliverMails(world)).length, 1, "the newer email replaces the pending one");
  const again = await visitor.open("/mailbox");
  assert.equal(again.banner, "If we have an email for this address, we sent it again.");
  assert.match(again.html, /role="status"/);
  assert.match(again.html, /<a class="link" href="\/login">Back to login<\/a>/);
  const refused = await visitor.submit(await visitor.open("/mailbox"), {});
  assert.equal(refused.status, 429);
  assert.match(refused.banner, /^Too many attempts\. Try again in 1 hour\.$/);
  assert.equal(readField(refused, "email"), bob.email);
});

test("the mailbox page states the lifetime of the link, and links to the account of a logged-in user", async () => {
  await using world = await createWorld({ RESET_TOKEN_LIFETIME: "150m" });
  await register(world);
  const visitor = createVisitor(world);
  await logInByPage(visitor, bob);
  await visitor.submit(await visitor.open("/forgot"), { email: bob.email });
  const { html } = await visitor.open("/mailbox");
  assert.match(html, /works once and expires in 150 minutes\./);
  assert.match(html, /<a class="link" href="\/account">Back to your account<\/a>/);
});

test("in development, the mailbox page links to the outbox, for requests from this machine only", async () => {
  const outbox = new DevOutbox(readSettings(), silent);
  await using world = await createWorld({}, { outbox });
  await register(world);
  const here = createVisitor(world);
  for (const path of ["/forgot", "/verify"]) assert.match((await here.open(path)).html, /href="\/dev\/outbox"/);
  await here.submit(await here.open("/forgot"), { email: bob.email });
  assert.match((await here.open("/mailbox")).html, /href="\/dev\/outbox"/);
  for (const visitor of [
    createVisitor(world, { ip: "192.0.2.1" }),
    createVisitor(world, { "X-Forwarded-For": "127.0.0.1" }),
  ]) {
    assert.doesNotMatch((await visitor.open("/forgot")).html, /outbox/);
  }
  await using other = await createWorld();
  assert.doesNotMatch((await createVisitor(other).open("/forgot")).html, /outbox/);
});
