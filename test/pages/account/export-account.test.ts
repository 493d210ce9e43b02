import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { bob } from "../../support/steps.ts";
import { createLoggedInVisitor } from "../../support/visitor.ts";
import { createWorld } from "../../support/world.ts";

test("the export is a JSON file, and needs the password", async () => {
  await using world = await createWorld();
  const visitor = await createLoggedInVisitor(world);
  const page = await visitor.open("/account/export");
  assert.equal((await visitor.submit(page, { password: "wrong" })).status, 403);
  const file = await visitor.submit(page, { password: bob.password });
  assert.equal(file.headers.get("Content-Disposition"), 'attachment; filename="account.json"');
  assert.equal(file.headers.get("Cache-Control"), "no-store");
  assert.equal(JSON.parse(file.html).email, bob.email);
  assert.equal((await visitor.open("/account")).status, 200);
});
