import assert from "node:assert/strict";
import { retryWhileUnavailable } from "../../support/databases.ts";
import { createStore } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { day, hour, minute } from "../../support/world.ts";

const limit = (key: string, maxAttempts: number) => ({ key, maxAttempts, window: 15 * minute });

// id: exact-at-once
test("200 simultaneous attempts over two connections reserve exactly as many as the limit allows", async () => {
  await using store = await createStore();
  const dbs = [store.db, await store.open()];
  const limits = [limit("account", 10), limit("network", 100)];
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, i) => retryWhileUnavailable(async () => dbs[i % 2]?.limits.reserve(limits))),
  );
  assert.equal(results.filter((result) => result && "attempts" in result).length, 10);
  const counts = (await store.readRows("attempts")).map(({ key, count }) => [key, Number(count)]);
  assert.deepEqual(counts.toSorted(), [
    ["account", 10],
    ["network", 10],
  ]);
});

test("an attempt that one limit rejects counts toward no other limit", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  await db.limits.reserve([limit("b", 1)]);
  for (const limits of [
    [limit("a", 5), limit("b", 1), limit("c", 5)],
    [limit("c", 5), limit("b", 1)],
  ]) {
    assert.deepEqual(await db.limits.reserve(limits), { reachedUntil: clock.now() + 15 * minute });
  }
  assert.deepEqual(
    (await store.readRows("attempts")).map(({ key }) => key),
    ["b"],
  );
});

test("a new window begins when the window of the first attempt has ended", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const endsAt = clock.now() + 15 * minute;
  assert.deepEqual(await db.limits.reserve([limit("a", 2)]), { attempts: [{ key: "a", endsAt }] });
  clock.advance(10 * minute);
  assert.deepEqual(await db.limits.reserve([limit("a", 2)]), { attempts: [{ key: "a", endsAt }] });
  assert.deepEqual(await db.limits.reserve([limit("a", 2)]), { reachedUntil: endsAt });
  clock.advance(5 * minute - 1);
  assert.deepEqual(await db.limits.reserve([limit("a", 2)]), { reachedUntil: endsAt });
  clock.advance(1);
  assert.deepEqual(await db.limits.reserve([limit("a", 2)]), {
    attempts: [{ key: "a", endsAt: endsAt + 15 * minute }],
  });
});

test("a refunded attempt can be reserved again, once, unless a new window has begun", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const reserve = async () => {
    const result = await db.limits.reserve([limit("a", 2)]);
    return "attempts" in result ? result.attempts : null;
  };
  const first = await reserve();
  const second = await reserve();
  assert.ok(first && second);
  assert.equal(await reserve(), null);
  await db.limits.refund(second);
  assert.ok(await reserve());
  assert.equal(await reserve(), null);
  clock.advance(15 * minute);
  assert.ok(await reserve());
  await db.limits.refund(first);
  assert.ok(await reserve());
  assert.equal(await reserve(), null);
  await db.limits.refund([], ["a", "b"]);
  assert.deepEqual(await store.readRows("attempts"), []);
});

test("expired windows are swept in batches", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  for (const key of ["a", "b", "c"]) await db.limits.reserve([limit(key, 1)]);
  clock.advance(15 * minute - 1);
  await db.limits.reserve([limit("d", 1)]);
  assert.equal(await db.sweep.deleteOld("attempts", 0, 2), 0);
  clock.advance(1);
  assert.equal(await db.sweep.deleteOld("attempts", 0, 2), 2);
  assert.equal(await db.sweep.deleteOld("attempts", 0, 2), 1);
  assert.equal((await store.readRows("attempts")).length, 1);
});

const counts = async (store: Awaited<ReturnType<typeof createStore>>) =>
  (await store.readRows("attempts")).map(({ key, count }) => [key, Number(count)]);

// id: returned-slots-leave-no-row
test("refunding every attempt leaves no row, even with simultaneous reservations", async () => {
  await using store = await createStore();
  const dbs = [store.db, await store.open()] as const;
  const limits = ["a", "b", "c", "d", "e"].map((key) => limit(key, 1000));
  const reserve = async (db: (typeof dbs)[number]) => {
    const result = await retryWhileUnavailable(() => db.limits.reserve(limits));
    assert.ok("attempts" in result);
    return result.attempts;
  };
  const keeps = (i: number) => i % 10 === 0;
  await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const attempts = await reserve(dbs[i % 2 ? 1 : 0]);
      if (!keeps(i)) await retryWhileUnavailable(() => dbs[i % 2 ? 0 : 1].limits.refund(attempts));
    }),
  );
  assert.deepEqual(
    await counts(store),
    limits.map(({ key }) => [key, 20]),
    "no attempt is lost or counted twice",
  );
  for (let round = 0; round < 5; round++) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const attempts = await reserve(dbs[i % 2 ? 1 : 0]);
        await retryWhileUnavailable(() => dbs[0].limits.refund(attempts));
      }),
    );
  }
  await store.run("update attempts set count = 1");
  const ends = (await store.readRows("attempts")).map(({ key, ends_at }) => ({
    key: `${key}`,
    endsAt: Number(ends_at),
  }));
  await store.db.limits.refund(ends);
  assert.deepEqual(await counts(store), []);
  await store.db.limits.refund(ends, ["f"]);
  assert.deepEqual(await counts(store), [], "a refund creates no row");
});

test("a limit with a long window keeps the short window until the threshold, however attempts are reserved and refunded", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const streak = { key: "s", maxAttempts: 5, window: day, long: { threshold: 2, window: 365 * day } };
  const start = clock.now();
  const endsAt = async () => Number((await store.readRows("attempts"))[0]?.ends_at) - start;
  const reserve = async () => {
    const result = await db.limits.reserve([streak]);
    return "attempts" in result ? result.attempts : [];
  };
  const first = await reserve();
  clock.advance(minute);
  const second = await reserve();
  assert.equal(await endsAt(), day);
  const third = await reserve();
  assert.equal(await endsAt(), 365 * day);
  await db.limits.refund(first);
  assert.deepEqual([await counts(store), await endsAt()], [[["s", 2]], day]);
  const fourth = await reserve();
  await reserve();
  assert.equal(await endsAt(), 365 * day);
  await db.limits.refund([...second, ...third, ...fourth].slice(0, 1));
  assert.deepEqual([await counts(store), await endsAt()], [[["s", 3]], 365 * day]);
  await reserve();
  await reserve();
  assert.deepEqual(await db.limits.reserve([streak]), { reachedUntil: start + 365 * day });
  clock.advance(364 * day);
  assert.deepEqual(await db.limits.reserve([streak]), { reachedUntil: start + 365 * day });
  clock.advance(day);
  await reserve();
  assert.deepEqual(await counts(store), [["s", 1]]);
  await db.limits.refund(third);
  assert.deepEqual(await counts(store), [["s", 1]], "an attempt of an earlier window is not refunded");
  // An older node writes the long window from the first attempt on.
  await store.run(`update attempts set ends_at = ${clock.now() + 365 * day}`);
  const again = clock.now();
  await reserve();
  assert.equal((await endsAt()) + start, again + day);
});

test("an attempt is rejected until the window of every reached limit ends", async () => {
  await using store = await createStore();
  const { db, clock } = store;
  const [short, long] = [limit("a", 1), { ...limit("b", 1), window: hour }];
  await db.limits.reserve([long, short]);
  assert.deepEqual(await db.limits.reserve([short, long, limit("c", 1)]), { reachedUntil: clock.now() + hour });
  const shared = { ...limit("d", 1), isNetwork: true };
  await db.limits.reserve([shared]);
  assert.deepEqual(await db.limits.reserve([short, shared]), {
    reachedUntil: clock.now() + 15 * minute,
    byNetwork: true,
  });
  assert.deepEqual(await db.limits.reserve([short, { ...shared, key: "e" }]), {
    reachedUntil: clock.now() + 15 * minute,
  });
});

test("simultaneous attempts that one limit rejects count toward no other limit", async () => {
  await using store = await createStore();
  const dbs = [store.db, await store.open()] as const;
  const results = await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      retryWhileUnavailable(() =>
        dbs[i % 2 ? 1 : 0].limits.reserve([limit(`own ${i}`, 1), { ...limit("network", 7), isNetwork: true }]),
      ),
    ),
  );
  const reserved = results.filter((result) => "attempts" in result).length;
  assert.equal(reserved, 7);
  assert.equal((await counts(store)).length, 8);
  for (const result of results) {
    if (!("attempts" in result)) {
      assert.deepEqual(result, { reachedUntil: store.clock.now() + 15 * minute, byNetwork: true });
    }
  }
});
