import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { createProductionWorld, owner, registerAndVerify } from "../support/production.ts";
import { bob, isSessionOpen, logIn, register } from "../support/steps.ts";
import { assertRedirect, createVisitor, logInByPage, readField } from "../support/visitor.ts";
import { createWorld } from "../support/world.ts";

// id: button-ends-session
test("opening /logout ends nothing; its button ends only this session, and pages are not cached", async () => {
  await using world = await createWorld();
  await register(world);
  const other = await logIn(world);
  const visitor = createVisitor(world);
  await logInByPage(visitor, bob);
  const page = await visitor.open("/logout");
  assert.equal(page.status, 200);
  const account = await visitor.open("/account");
  assert.equal(account.status, 200);
  assert.equal(account.headers.get("Cache-Control"), "no-store");
  const session = visitor.cookies.get("session_id") ?? "";
  assertRedirect(await visitor.submit(page, {}), "/login");
  assert.ok(!visitor.cookies.has("session_id"));
  assert.ok(!(await isSessionOpen(world, session)));
  assert.ok(await isSessionOpen(world, other));
  assert.equal((await visitor.open("/login")).banner, "You have been logged out.");
  assertRedirect(await visitor.open("/account"), "/login?return_to=%2Faccount");
  assertRedirect(await visitor.open("/logout"), "/login");
});

test("logging out redirects to a valid return_to, and logging out twice is no error", async () => {
  await using world = await createWorld({ RETURN_ORIGINS: "https://app.example.com" });
  await register(world);
  for (const [returnTo, location] of [
    ["/goodbye", "/goodbye"],
    ["https://app.example.com/", "https://app.example.com/"],
    ["https://evil.example/", "/login"],
  ] as const) {
    const visitor = createVisitor(world);
    await logInByPage(visitor, bob);
    const page = await visitor.open(`/logout?${new URLSearchParams({ return_to: returnTo })}`);
    assertRedirect(await visitor.submit(page, {}), location);
    assertRedirect(await visitor.submit(page, {}), location);
  }
});

// id: browser-keeps-nothing
test("after a logout or a deletion, the browser keeps no cookie that identifies the user", async () => {
  for (const [path, location] of Object.entries({
    "/logout": "/login",
    "/logout?return_to=/goodbye": "/goodbye",
    "/account/delete": "/login",
  })) {
    await using world = await createProductionWorld();
    await registerAndVerify(world);
    const visitor = createVisitor(world);
    await logInByPage(visitor, owner);
    const page = await visitor.open(path);
    assertRedirect(
      await visitor.submit(await visitor.open("/forgot?return_to=/secret"), { email: owner.email }),
      "/mailbox",
    );
    assert.ok(visitor.cookies.has("__Host-notice") && visitor.cookies.has("__Host-onward"));
    assertRedirect(await visitor.submit(page, { password: owner.password }), location);
    const login = await visitor.open("/login");
    assert.equal(readField(login, "email"), "", path);
    assert.doesNotMatch(login.html, /secret/, path);
    // Both are random: they identify a device and a form, not a user.
    assert.deepEqual([...visitor.cookies.keys()].sort(), ["__Host-device_id", "__Host-form"], path);
  }
});
