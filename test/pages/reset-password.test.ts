import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverToken,
  owner,
  registerAndVerify,
  strongPassword,
} from "../support/production.ts";
import { bob, canLogIn, register } from "../support/steps.ts";
import { assertRedirect, createVisitor, readField } from "../support/visitor.ts";
import { createWorld, hour } from "../support/world.ts";

test("a reset link sets a new password once, and ends every session", async () => {
  await using world = await createWorld();
  await register(world);
  const [visitor, device] = [createVisitor(world), createVisitor(world)];
  assertRedirect(await device.submit(await device.open("/login"), bob), "/account");
  assertRedirect(await visitor.submit(await visitor.open("/forgot"), { email: " Bob@Example.com " }), "/mailbox");
  assert.match((await visitor.open("/mailbox")).html, /<bdi>Bob@Example\.com<\/bdi>/);
  const link = `/reset?token=${await deliverToken(world)}`;
  for (let i = 0; i < 3; i++) assert.equal((await visitor.open(link)).status, 200);
  const page = await visitor.open(link);
  assert.equal(page.headers.get("Referrer-Policy"), "no-referrer");
  assert.match(page.html, /value="bob@example\.com" autocomplete="username" readonly hidden/);
  assert.match(page.html, /action="\/reset"/);
  const refused = await visitor.submit(page, { new_password: "" });
  assert.equal(refused.banner, "Choose a password.");
  assert.equal(refused.headers.get("Referrer-Policy"), "no-referrer");
  assertRedirect(await visitor.submit(refused, { new_password: "t4rt1fl3tt3" }), "/login");
  const done = await visitor.open("/login");
  assert.match(done.banner, /Log in with your new password/);
  assert.equal(readField(done, "email"), bob.email);
  assert.ok(!visitor.cookies.has("session_id"));
  assert.ok(await canLogIn(world, { ...bob, password: "t4rt1fl3tt3" }));
  assertRedirect(await device.open("/account"), "/login?return_to=%2Faccount");
  const dead = await visitor.submit(page, { new_password: "another-one" });
  assert.equal(dead.status, 403);
  assert.match(dead.title, /^Error: This link no longer works/);
  assert.match(dead.html, /<a class="button" href="\/forgot">/);
  assert.ok(!(await canLogIn(world, { ...bob, password: "another-one" })));
});

test("an expired, replaced, invalid or overlong link shows an error and a button for a new one", async () => {
  await using world = await createWorld();
  await register(world);
  const visitor = createVisitor(world);
  const link = async () => {
    await world.auth.resetPassword.request(bob.email);
    return `/reset?token=${await deliverToken(world)}`;
  };
  const replaced = await link();
  const old = await link();
  assert.match((await visitor.open(old)).title, /^Choose a new password/);
  world.clock.advance(hour + 1);
  for (const path of [replaced, old, "/reset", "/reset?token=", "/reset?token=x", `/reset?token=${"x".repeat(5000)}`]) {
    const page = await visitor.open(path);
    assert.match(page.title, /^Error: This link no longer works/);
    assert.match(page.html, /<a class="button" href="\/forgot">Get a new link<\/a>/);
    assert.doesNotMatch(page.html, /<form/);
  }
});

test("no log entry contains a token, an address or a password", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const visitor = createVisitor(world);
  await visitor.submit(await visitor.open("/forgot"), { email: owner.email });
  const token = await deliverToken(world);
  const page = await visitor.open(`/reset?token=${token}`);
  await visitor.submit(page, { new_password: "x" });
  assertRedirect(await visitor.submit(page, { new_password: `${strongPassword}2` }), "/login");
  await visitor.submit(page, { new_password: strongPassword });
  await world.db.close();
  await visitor.open(`/reset?token=${token}`);
  const log = JSON.stringify(world.logEntries);
  assert.ok(log.includes("/reset"));
  for (const secret of [token, owner.email, strongPassword]) assert.ok(!log.includes(secret), secret);
});
