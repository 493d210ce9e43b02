import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { bob, register } from "../support/steps.ts";
import { createVisitor, sent } from "../support/visitor.ts";
import { createWorld } from "../support/world.ts";

test("password managers are led to the page that changes it, past the login and back", async () => {
  await using world = await createWorld();
  await register(world);
  const who = createVisitor(world);
  sent(await who.open("/.well-known/change-password"), "/account/password");
  const asked = await who.open("/account/password");
  sent(asked, "/login?return_to=%2Faccount%2Fpassword");
  const page = await who.open(asked.location ?? "");
  assert.equal(page.banner, "Log in to continue.");
  sent(await who.fill(page, bob), "/account/password");
});
