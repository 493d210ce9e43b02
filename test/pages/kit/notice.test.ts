import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { createProductionWorld } from "../../support/production.ts";
import { createVisitor } from "../../support/visitor.ts";
import { createWorld } from "../../support/world.ts";

test("a notice is shown once, and its cookie lasts 15 minutes, is HttpOnly and is limited to this host", async () => {
  for (const [world, prefix, secure] of [
    [await createWorld(), "", ""],
    [await createProductionWorld(), "__Host-", "; Secure"],
  ] as const) {
    await using _ = world;
    const visitor = createVisitor(world);
    const attributes = `Path=/; HttpOnly; SameSite=Lax${secure}`;
    assert.deepEqual((await visitor.open("/account")).headers.getSetCookie(), [
      `${prefix}notice=login_needed.; ${attributes}; Max-Age=900`,
    ]);
    const login = await visitor.open("/login");
    assert.equal(login.banner, "Log in to continue.");
    assert.ok(login.headers.getSetCookie().includes(`${prefix}notice=; ${attributes}; Max-Age=0`));
    const again = await visitor.open("/login");
    assert.deepEqual([again.banner, again.headers.getSetCookie()], ["", []]);
  }
});
