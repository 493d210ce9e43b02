import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { bob } from "../../support/steps.ts";
import { createMember } from "../../support/visitor.ts";
import { createWorld } from "../../support/world.ts";

test("the export is a file with all that is held, for who gives the password", async () => {
  await using world = await createWorld();
  const who = await createMember(world);
  const page = await who.open("/account/export");
  assert.equal((await who.fill(page, { password: "wrong" })).status, 403);
  const file = await who.fill(page, { password: bob.password });
  assert.equal(file.headers.get("Content-Disposition"), 'attachment; filename="account.json"');
  assert.equal(file.headers.get("Cache-Control"), "no-store");
  assert.equal(JSON.parse(file.html).email, bob.email);
  assert.equal((await who.open("/account")).status, 200);
});
