import assert from "node:assert/strict";
import { createStore } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";

test("saving events updates the details of stored ones, and adds missing ones in order with new ids", async () => {
  await using store = await createStore();
  const { audit } = store.db;
  const entry = (id: number | undefined, detail: string) => ({
    id,
    event: { at: 1, event: "request_refused", userId: null, ip: null, userAgent: null, detail },
  });
  const first = await audit.addOrUpdate([entry(undefined, "a"), entry(undefined, "b"), entry(undefined, "c")]);
  assert.deepEqual(first, [1, 2, 3]);
  await store.run("delete from events where id = 2");
  const again = [entry(3, "c2"), entry(2, "b2"), entry(undefined, "d"), entry(1, "a2"), entry(undefined, "e")];
  const ids = await audit.addOrUpdate(again);
  assert.deepEqual(ids, [3, 4, 5, 1, 6]);
  const written = (await audit.list({ limit: 10 })).map(({ id, detail }) => [id, detail]);
  assert.deepEqual(written, [
    [1, "a2"],
    [3, "c2"],
    [4, "b2"],
    [5, "d"],
    [6, "e"],
  ]);
  assert.deepEqual(await audit.addOrUpdate([]), []);
});
