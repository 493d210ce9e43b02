import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { bob, canLogIn } from "../../support/steps.ts";
import { createMember, sent } from "../../support/visitor.ts";
import { createWorld } from "../../support/world.ts";

test("an account is deleted by who gives the password, and is gone", async () => {
  await using world = await createWorld();
  const who = await createMember(world);
  const page = await who.open("/account/delete");
  assert.equal((await who.fill(page, { password: "wrong" })).status, 403);
  assert.ok(await canLogIn(world, bob));
  sent(await who.fill(page, { password: bob.password }), "/login");
  assert.ok(!who.cookies.has("session_id"));
  assert.match((await who.open("/login")).banner, /^Your account has been deleted/);
  assert.ok(!(await canLogIn(world, bob)));
});
