import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { bob, register } from "../support/steps.ts";
import { assertRedirect, createVisitor } from "../support/visitor.ts";
import { createWorld } from "../support/world.ts";

test("password managers are redirected to the password form, through the login if necessary", async () => {
  await using world = await createWorld();
  await register(world);
  const visitor = createVisitor(world);
  assertRedirect(await visitor.open("/.well-known/change-password"), "/account/password");
  const response = await visitor.open("/account/password");
  assertRedirect(response, "/login?return_to=%2Faccount%2Fpassword");
  const page = await visitor.open(response.location ?? "");
  assert.equal(page.banner, "Log in to continue.");
  assertRedirect(await visitor.submit(page, bob), "/account/password");
});
