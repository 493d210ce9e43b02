import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { bob, register } from "../support/steps.ts";
import { createVisitor, sent } from "../support/visitor.ts";
import { createWorld } from "../support/world.ts";

test("password managers are redirected to the password form, through the login if necessary", async () => {
  await using world = await createWorld();
  await register(world);
  const visitor = createVisitor(world);
  sent(await visitor.open("/.well-known/change-password"), "/account/password");
  const response = await visitor.open("/account/password");
  sent(response, "/login?return_to=%2Faccount%2Fpassword");
  const page = await visitor.open(response.location ?? "");
  assert.equal(page.banner, "Log in to continue.");
  sent(await visitor.fill(page, bob), "/account/password");
});
