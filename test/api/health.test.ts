import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { readStatusAndBody } from "../support/steps.ts";
import { createWorld } from "../support/world.ts";

test("/health/live and /health/ready return 200 while the database answers", async () => {
  await using world = await createWorld();
  assert.equal(await readStatusAndBody(world.request("/health/live")), '200 {"status":"live"}\n');
  assert.equal(await readStatusAndBody(world.request("/health/ready")), '200 {"status":"ready"}\n');
});

test("without its database the service is live, but not ready", async () => {
  await using world = await createWorld();
  await world.db.close();
  assert.equal((await world.request("/health/live")).status, 200);
  assert.ok((await world.request("/health/ready")).status >= 500);
});
