import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { bob, canLogIn } from "../../support/steps.ts";
import { assertRedirect, createLoggedInVisitor } from "../../support/visitor.ts";
import { createWorld } from "../../support/world.ts";

test("deleting the account needs the password", async () => {
  await using world = await createWorld();
  const visitor = await createLoggedInVisitor(world);
  const page = await visitor.open("/account/delete");
  assert.equal((await visitor.submit(page, { password: "wrong" })).status, 403);
  assert.ok(await canLogIn(world, bob));
  assertRedirect(await visitor.submit(page, { password: bob.password }), "/login");
  assert.ok(!visitor.cookies.has("session_id"));
  assert.match((await visitor.open("/login")).banner, /^Your account has been deleted/);
  assert.ok(!(await canLogIn(world, bob)));
});
