import assert from "node:assert/strict";
import { untilAvailable } from "../databases.ts";
import { test } from "../engines.ts";
import { minute } from "../world.ts";
import { createStore } from "./twins.ts";

const limit = (key: string, tries: number) => ({ key, tries, window: 15 * minute });

test("of 200 tries at once over two connections exactly the allowed ones get a slot", async () => {
  await using store = await createStore();
  const dbs = [store.db, await store.open()];
  const limits = [limit("account", 10), limit("network", 100)];
  const takings = await Promise.all(
    Array.from({ length: 200 }, (_, i) => untilAvailable(async () => dbs[i % 2]?.takeSlots(limits))),
  );
  assert.equal(takings.filter((taking) => taking && "slots" in taking).length, 10);
  const counts = (await store.rows("attempts")).map(({ key, count }) => [key, Number(count)]);
  assert.deepEqual(counts.toSorted(), [
    ["account", 10],
    ["network", 10],
  ]);
});

test("a try that one limit refuses takes no slot of the others", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  await db.takeSlots([limit("b", 1)]);
  for (const limits of [
    [limit("a", 5), limit("b", 1), limit("c", 5)],
    [limit("c", 5), limit("b", 1)],
  ]) {
    assert.deepEqual(await db.takeSlots(limits), { refusedUntil: clock.now() + 15 * minute });
  }
  assert.deepEqual(
    (await store.rows("attempts")).map(({ key }) => key),
    ["b"],
  );
});

test("counting begins anew when the time since the first try is over", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const endsAt = clock.now() + 15 * minute;
  assert.deepEqual(await db.takeSlots([limit("a", 2)]), { slots: [{ key: "a", endsAt }] });
  clock.forward(10 * minute);
  assert.deepEqual(await db.takeSlots([limit("a", 2)]), { slots: [{ key: "a", endsAt }] });
  assert.deepEqual(await db.takeSlots([limit("a", 2)]), { refusedUntil: endsAt });
  clock.forward(5 * minute - 1);
  assert.deepEqual(await db.takeSlots([limit("a", 2)]), { refusedUntil: endsAt });
  clock.forward(1);
  assert.deepEqual(await db.takeSlots([limit("a", 2)]), { slots: [{ key: "a", endsAt: endsAt + 15 * minute }] });
});

test("a slot that is given back can be taken again, once, and not when counting has begun anew", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const take = async () => {
    const taking = await db.takeSlots([limit("a", 2)]);
    return "slots" in taking ? taking.slots : null;
  };
  const first = await take();
  const second = await take();
  assert.ok(first && second);
  assert.equal(await take(), null);
  await db.giveBackSlots(second);
  assert.ok(await take());
  assert.equal(await take(), null);
  clock.forward(15 * minute);
  assert.ok(await take());
  await db.giveBackSlots(first);
  assert.ok(await take());
  assert.equal(await take(), null);
  await db.giveBackSlots([], ["a", "b"]);
  assert.deepEqual(await store.rows("attempts"), []);
});

test("what counts no more is swept, batch by batch", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  for (const key of ["a", "b", "c"]) await db.takeSlots([limit(key, 1)]);
  clock.forward(15 * minute - 1);
  await db.takeSlots([limit("d", 1)]);
  assert.equal(await db.sweepOld("attempts", 0, 2), 0);
  clock.forward(1);
  assert.equal(await db.sweepOld("attempts", 0, 2), 2);
  assert.equal(await db.sweepOld("attempts", 0, 2), 1);
  assert.equal((await store.rows("attempts")).length, 1);
});
