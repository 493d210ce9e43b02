import assert from "node:assert/strict";
import { untilAvailable } from "../../support/databases.ts";
import { test } from "../../support/engines.ts";
import { createStore } from "../../support/twins.ts";
import { day, hour, minute } from "../../support/world.ts";

const limit = (key: string, tries: number) => ({ key, tries, window: 15 * minute });

// id: exact-at-once
test("of 200 tries at once over two connections exactly the allowed ones get a slot", async () => {
  await using store = await createStore();
  const dbs = [store.db, await store.open()];
  const limits = [limit("account", 10), limit("network", 100)];
  const takings = await Promise.all(
    Array.from({ length: 200 }, (_, i) => untilAvailable(async () => dbs[i % 2]?.limits.take(limits))),
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
  await db.limits.take([limit("b", 1)]);
  for (const limits of [
    [limit("a", 5), limit("b", 1), limit("c", 5)],
    [limit("c", 5), limit("b", 1)],
  ]) {
    assert.deepEqual(await db.limits.take(limits), { refusedUntil: clock.now() + 15 * minute });
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
  assert.deepEqual(await db.limits.take([limit("a", 2)]), { slots: [{ key: "a", endsAt }] });
  clock.forward(10 * minute);
  assert.deepEqual(await db.limits.take([limit("a", 2)]), { slots: [{ key: "a", endsAt }] });
  assert.deepEqual(await db.limits.take([limit("a", 2)]), { refusedUntil: endsAt });
  clock.forward(5 * minute - 1);
  assert.deepEqual(await db.limits.take([limit("a", 2)]), { refusedUntil: endsAt });
  clock.forward(1);
  assert.deepEqual(await db.limits.take([limit("a", 2)]), { slots: [{ key: "a", endsAt: endsAt + 15 * minute }] });
});

test("a slot that is given back can be taken again, once, and not when counting has begun anew", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const take = async () => {
    const taking = await db.limits.take([limit("a", 2)]);
    return "slots" in taking ? taking.slots : null;
  };
  const first = await take();
  const second = await take();
  assert.ok(first && second);
  assert.equal(await take(), null);
  await db.limits.giveBack(second);
  assert.ok(await take());
  assert.equal(await take(), null);
  clock.forward(15 * minute);
  assert.ok(await take());
  await db.limits.giveBack(first);
  assert.ok(await take());
  assert.equal(await take(), null);
  await db.limits.giveBack([], ["a", "b"]);
  assert.deepEqual(await store.rows("attempts"), []);
});

test("what counts no more is swept, batch by batch", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  for (const key of ["a", "b", "c"]) await db.limits.take([limit(key, 1)]);
  clock.forward(15 * minute - 1);
  await db.limits.take([limit("d", 1)]);
  assert.equal(await db.sweep.old("attempts", 0, 2), 0);
  clock.forward(1);
  assert.equal(await db.sweep.old("attempts", 0, 2), 2);
  assert.equal(await db.sweep.old("attempts", 0, 2), 1);
  assert.equal((await store.rows("attempts")).length, 1);
});

const counts = async (store: Awaited<ReturnType<typeof createStore>>) =>
  (await store.rows("attempts")).map(({ key, count }) => [key, Number(count)]);

// id: returned-slots-leave-no-row
test("slots that are all given back leave no row, also when others take the same at once", async () => {
  await using store = await createStore();
  const dbs = [store.db, await store.open()] as const;
  const limits = ["a", "b", "c", "d", "e"].map((key) => limit(key, 1000));
  const take = async (db: (typeof dbs)[number]) => {
    const taking = await untilAvailable(() => db.limits.take(limits));
    assert.ok("slots" in taking);
    return taking.slots;
  };
  const keeps = (i: number) => i % 10 === 0;
  await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const slots = await take(dbs[i % 2 ? 1 : 0]);
      if (!keeps(i)) await untilAvailable(() => dbs[i % 2 ? 0 : 1].limits.giveBack(slots));
    }),
  );
  assert.deepEqual(
    await counts(store),
    limits.map(({ key }) => [key, 20]),
    "none is lost and none counts twice",
  );
  for (let round = 0; round < 5; round++) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const slots = await take(dbs[i % 2 ? 1 : 0]);
        await untilAvailable(() => dbs[0].limits.giveBack(slots));
      }),
    );
  }
  await store.run("update attempts set count = 1");
  const ends = (await store.rows("attempts")).map(({ key, ends_at }) => ({ key: `${key}`, endsAt: Number(ends_at) }));
  await store.db.limits.giveBack(ends);
  assert.deepEqual(await counts(store), []);
  await store.db.limits.giveBack(ends, ["f"]);
  assert.deepEqual(await counts(store), [], "what is not there is not made");
});

test("a limit that lasts longer past some tries ends at the shorter time until then, however tries come and go", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const streak = { key: "s", tries: 5, window: day, long: { past: 2, window: 365 * day } };
  const began = clock.now();
  const endsAt = async () => Number((await store.rows("attempts"))[0]?.ends_at) - began;
  const take = async () => {
    const taking = await db.limits.take([streak]);
    return "slots" in taking ? taking.slots : [];
  };
  const first = await take();
  clock.forward(minute);
  const second = await take();
  assert.equal(await endsAt(), day);
  const third = await take();
  assert.equal(await endsAt(), 365 * day);
  await db.limits.giveBack(first);
  assert.deepEqual([await counts(store), await endsAt()], [[["s", 2]], day]);
  const fourth = await take();
  await take();
  assert.equal(await endsAt(), 365 * day);
  await db.limits.giveBack([...second, ...third, ...fourth].slice(0, 1));
  assert.deepEqual([await counts(store), await endsAt()], [[["s", 3]], 365 * day]);
  await take();
  await take();
  assert.deepEqual(await db.limits.take([streak]), { refusedUntil: began + 365 * day });
  clock.forward(364 * day);
  assert.deepEqual(await db.limits.take([streak]), { refusedUntil: began + 365 * day });
  clock.forward(day);
  await take();
  assert.deepEqual(await counts(store), [["s", 1]]);
  await db.limits.giveBack(third);
  assert.deepEqual(await counts(store), [["s", 1]], "what was taken before counting began anew is not given back");
  // An older node counts each for a year at once.
  await store.run(`update attempts set ends_at = ${clock.now() + 365 * day}`);
  const again = clock.now();
  await take();
  assert.equal((await endsAt()) + began, again + day);
});

test("a try is refused until every limit that is reached has room", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const [short, long] = [limit("a", 1), { ...limit("b", 1), window: hour }];
  await db.limits.take([long, short]);
  assert.deepEqual(await db.limits.take([short, long, limit("c", 1)]), { refusedUntil: clock.now() + hour });
  const shared = { ...limit("d", 1), isNetwork: true };
  await db.limits.take([shared]);
  assert.deepEqual(await db.limits.take([short, shared]), {
    refusedUntil: clock.now() + 15 * minute,
    byNetwork: true,
  });
  assert.deepEqual(await db.limits.take([short, { ...shared, key: "e" }]), { refusedUntil: clock.now() + 15 * minute });
});

test("of tries at once that one limit of several refuses, none takes a slot of the others", async () => {
  await using store = await createStore();
  const dbs = [store.db, await store.open()] as const;
  const takings = await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      untilAvailable(() =>
        dbs[i % 2 ? 1 : 0].limits.take([limit(`own ${i}`, 1), { ...limit("network", 7), isNetwork: true }]),
      ),
    ),
  );
  const passed = takings.filter((taking) => "slots" in taking).length;
  assert.equal(passed, 7);
  assert.equal((await counts(store)).length, 8);
  for (const taking of takings) {
    if (!("slots" in taking)) {
      assert.deepEqual(taking, { refusedUntil: store.clock.now() + 15 * minute, byNetwork: true });
    }
  }
});
