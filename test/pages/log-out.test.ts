import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { createProductionWorld, owner, registerAndConfirm } from "../support/production.ts";
import { bob, isSessionOpen, register, logIn as sessionOf } from "../support/steps.ts";
import { createVisitor, logIn, readField, sent } from "../support/visitor.ts";
import { createWorld } from "../support/world.ts";

// id: button-ends-session
test("opening /logout ends nothing; its button ends this session alone, and what was seen is not kept", async () => {
  await using world = await createWorld();
  await register(world);
  const other = await sessionOf(world);
  const who = createVisitor(world);
  await logIn(who, bob);
  const page = await who.open("/logout");
  assert.equal(page.status, 200);
  const account = await who.open("/account");
  assert.equal(account.status, 200);
  assert.equal(account.headers.get("Cache-Control"), "no-store");
  const session = who.cookies.get("session_id") ?? "";
  sent(await who.fill(page, {}), "/login");
  assert.ok(!who.cookies.has("session_id"));
  assert.ok(!(await isSessionOpen(world, session)));
  assert.ok(await isSessionOpen(world, other));
  assert.equal((await who.open("/login")).banner, "You have been logged out.");
  sent(await who.open("/account"), "/login?return_to=%2Faccount");
  sent(await who.open("/logout"), "/login");
});

test("afterwards people go where they were to, if they may; logging out twice is no mistake", async () => {
  await using world = await createWorld({ RETURN_ORIGINS: "https://app.example.com" });
  await register(world);
  for (const [wanted, gone] of [
    ["/goodbye", "/goodbye"],
    ["https://app.example.com/", "https://app.example.com/"],
    ["https://evil.example/", "/login"],
  ] as const) {
    const who = createVisitor(world);
    await logIn(who, bob);
    const page = await who.open(`/logout?${new URLSearchParams({ return_to: wanted })}`);
    sent(await who.fill(page, {}), gone);
    sent(await who.fill(page, {}), gone);
  }
});

// id: browser-keeps-nothing
test("whatever the way out, the browser keeps nothing that tells whoever comes next of who left", async () => {
  for (const [path, gone] of Object.entries({
    "/logout": "/login",
    "/logout?return_to=/goodbye": "/goodbye",
    "/account/delete": "/login",
  })) {
    await using world = await createProductionWorld();
    await registerAndConfirm(world);
    const who = createVisitor(world);
    await logIn(who, owner);
    const page = await who.open(path);
    sent(await who.fill(await who.open("/forgot?return_to=/secret"), { email: owner.email }), "/mailbox");
    assert.ok(who.cookies.has("__Host-notice") && who.cookies.has("__Host-onward"));
    sent(await who.fill(page, { password: owner.password }), gone);
    const login = await who.open("/login");
    assert.equal(readField(login, "email"), "", path);
    assert.doesNotMatch(login.html, /secret/, path);
    // Both are random, and tell a device or a form again, and nobody.
    assert.deepEqual([...who.cookies.keys()].sort(), ["__Host-device_id", "__Host-form"], path);
  }
});
