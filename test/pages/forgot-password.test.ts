import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { createProductionWorld, deliverMails, owner, registerAndVerify } from "../support/production.ts";
import { assertRedirect, createVisitor } from "../support/visitor.ts";

test("requesting a reset link gets the same response with and without an account", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const seen = [];
  for (const email of [owner.email, "nobody@example.com"]) {
    const visitor = createVisitor(world);
    const done = await visitor.submit(await visitor.open("/forgot?lang=fr"), { email });
    assertRedirect(done, "/mailbox?lang=fr");
    seen.push(
      (await visitor.open("/mailbox?lang=fr")).html
        .replaceAll(email, "E")
        .replace(visitor.cookies.get("__Host-form") ?? "", ""),
    );
  }
  assert.equal(seen[0], seen[1]);
  assert.equal((await deliverMails(world)).length, 1);
  const refused = await createVisitor(world).open("/mailbox");
  assertRedirect(refused, "/login");
});
