import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { deliverMails } from "../../support/production.ts";
import { bob, register } from "../../support/steps.ts";
import { createMember, readField, sent } from "../../support/visitor.ts";
import { createWorld, minute } from "../../support/world.ts";

test("a new address takes the password, is told where to look, and counts once confirmed", async () => {
  await using world = await createWorld();
  const who = await createMember(world);
  const page = await who.open("/account/email");
  world.clock.advance(10 * minute + 1);
  for (const [fields, field, told] of [
    [{ email: "new@example.com", password: "" }, "password", /^Enter your password/],
    [{ email: "new@example.com", password: "wrong" }, "password", /^Incorrect password/],
    [{ email: "new", password: bob.password }, "email", /^Enter a valid email address/],
    [{ email: "", password: bob.password }, "email", /^Enter your email address/],
  ] as const) {
    const refused = await who.fill(page, fields);
    assert.match(refused.banner, told);
    assert.match(refused.html, new RegExp(`id="${field}"[^>]* aria-invalid="true"`));
    assert.equal(readField(refused, "email"), fields.email);
  }
  // The password renewed the session, and the browser has the new one although the address was refused.
  assert.equal((await who.open("/account")).status, 200);
  sent(await who.fill(page, { email: "New@example.com", password: bob.password }), "/mailbox");
  assert.match((await who.open("/mailbox")).html, /<bdi>New@example\.com<\/bdi>/);
  assert.equal((await deliverMails(world)).length, 2);
  assert.match((await who.open("/account")).html, /<bdi>bob@example\.com<\/bdi>/);
  await register(world, { email: "eve@example.com", password: "eve-eve-1" });
  const own = await who.fill(page, { email: " BOB@example.com", password: bob.password });
  assert.match(own.banner, /^This is already your email address\./);
  assert.match(own.html, /id="email"[^>]* aria-invalid="true"/);
  const taken = await who.fill(page, { email: "eve@example.com", password: bob.password });
  assert.equal(taken.banner, "An account with this address already exists. Use a different address.");
  assert.match(taken.html, /id="email-error">An account with this address already exists\. Use a different address\.</);
});
