import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { deliverMails } from "../../support/production.ts";
import { bob, register } from "../../support/steps.ts";
import { assertRedirect, createLoggedInVisitor, readField } from "../../support/visitor.ts";
import { createWorld, minute } from "../../support/world.ts";

test("an email change needs the password, announces the email, and takes effect once verified", async () => {
  await using world = await createWorld();
  const visitor = await createLoggedInVisitor(world);
  const page = await visitor.open("/account/email");
  world.clock.advance(10 * minute + 1);
  for (const [fields, field, message] of [
    [{ email: "new@example.com", password: "" }, "password", /^Enter your password/],
    [{ email: "new@example.com", password: "wrong" }, "password", /^Incorrect password/],
    [{ email: "new", password: bob.password }, "email", /^Enter a valid email address/],
    [{ email: "", password: bob.password }, "email", /^Enter your email address/],
  ] as const) {
    const refused = await visitor.submit(page, fields);
    assert.match(refused.banner, message);
    assert.match(refused.html, new RegExp(`id="${field}"[^>]* aria-invalid="true"`));
    assert.equal(readField(refused, "email"), fields.email);
  }
  // The password gave the session a new id, and the browser has it even though the address was rejected.
  assert.equal((await visitor.open("/account")).status, 200);
  assertRedirect(await visitor.submit(page, { email: "New@example.com", password: bob.password }), "/mailbox");
  assert.match((await visitor.open("/mailbox")).html, /<bdi>New@example\.com<\/bdi>/);
  assert.equal((await deliverMails(world)).length, 2);
  assert.match((await visitor.open("/account")).html, /<bdi>bob@example\.com<\/bdi>/);
  await register(world, { email: "eve@example.com", password: "eve-eve-1" });
  const own = await visitor.submit(page, { email: " BOB@example.com", password: bob.password });
  assert.match(own.banner, /^This is already your email address\./);
  assert.match(own.html, /id="email"[^>]* aria-invalid="true"/);
  const taken = await visitor.submit(page, { email: "eve@example.com", password: bob.password });
  assert.equal(taken.banner, "An account with this address already exists. Use a different address.");
  assert.match(taken.html, /id="email-error">An account with this address already exists\. Use a different address\.</);
});
