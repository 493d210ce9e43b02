import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { createProduction, join, mailed, owner } from "../support/production.ts";
import { sent, visitor } from "../support/visitor.ts";

test("asking for a link is answered alike with and without an account", async () => {
  await using world = await createProduction();
  await join(world);
  const seen = [];
  for (const email of [owner.email, "nobody@example.com"]) {
    const who = visitor(world);
    const done = await who.fill(await who.open("/forgot?lang=fr"), { email });
    sent(done, "/mailbox?lang=fr");
    seen.push(
      (await who.open("/mailbox?lang=fr")).html
        .replaceAll(email, "E")
        .replace(who.cookies.get("__Host-form") ?? "", ""),
    );
  }
  assert.equal(seen[0], seen[1]);
  assert.equal((await mailed(world)).length, 1);
  const refused = await visitor(world).open("/mailbox");
  sent(refused, "/login");
});
