import assert from "node:assert/strict";
import { test } from "node:test";
import { WriteBehind } from "../../src/auth/write-behind.ts";

/** Creates a buffer of numbers that records what it writes. Negative numbers are unbounded. */
function createBuffer({ delay = 3_600_000, maxPending = 100 } = {}) {
  const written: [string, number][][] = [];
  const overflown: number[] = [];
  const failures: unknown[] = [];
  const writing: { work: (values: Map<string, number>) => Promise<void> | void } = { work: () => {} };
  let next = Promise.withResolvers<boolean>();
  const values = new WriteBehind<number>({
    delay,
    maxPending,
    isBounded: (value) => value >= 0,
    overflow: (value) => overflown.push(value),
    merge: (older, newer) => older + newer,
    async write(values, isAsked) {
      written.push([...values]);
      await writing.work(values);
      next.resolve(isAsked);
      next = Promise.withResolvers();
    },
    onError: (error) => failures.push(error),
  });
  return { values, written, overflown, failures, writing, next: () => next.promise };
}

test("values are written once, in order, and merged by key", async () => {
  const { values, written } = createBuffer();
  values.add("b", 1);
  values.add("a", 2);
  values.add("b", 3);
  assert.ok(values.has("b") && !values.has("c"));
  await values.flush();
  assert.deepEqual(written, [
    [
      ["b", 4],
      ["a", 2],
    ],
  ]);
  assert.ok(!values.has("b"));
});

test("values are written after the delay, and `isExplicit` is true only for `flush`", async () => {
  const { values, written, next } = createBuffer({ delay: 1 });
  values.add("a", 1);
  values.flushSoon();
  assert.equal(await next(), false);
  const asked = next();
  await values.flush();
  assert.equal(await asked, true);
  assert.deepEqual(written, [[["a", 1]], []]);
});

test("values that are being written count as unwritten, and newer ones are written after them", async () => {
  const { values, written, writing } = createBuffer();
  const gate = Promise.withResolvers<void>();
  writing.work = () => gate.promise;
  values.add("a", 1);
  const first = values.flush();
  await Promise.resolve();
  assert.equal(written.length, 1);
  assert.ok(values.has("a"));
  values.add("a", 2);
  const second = values.flush();
  gate.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(written, [[["a", 1]], [["a", 2]]]);
});

test("unwritten values are retried after the delay, before newer ones, and merged with them", async () => {
  const { values, written, failures, writing, next } = createBuffer({ delay: 1 });
  const failure = new Error("no database");
  writing.work = (unwritten) => {
    unwritten.delete("a");
    values.add("d", 1);
    values.add("c", 1);
    writing.work = () => {};
    throw failure;
  };
  values.add("a", 1);
  values.add("b", 1);
  values.add("c", 1);
  const again = next();
  await values.flush();
  assert.deepEqual(failures, [failure]);
  await again;
  assert.deepEqual(written[1], [
    ["b", 1],
    ["c", 2],
    ["d", 1],
  ]);
});

test("beyond the bound, only known keys and unbounded values are accepted, even after a failure", async () => {
  const { values, written, overflown, writing } = createBuffer({ maxPending: 2 });
  writing.work = () => {
    values.add("f", 6);
    writing.work = () => {};
    throw new Error("no database");
  };
  values.add("a", 1);
  values.add("b", 2);
  values.add("c", 3);
  values.add("d", -4);
  values.add("a", 5);
  assert.deepEqual(overflown, [3]);
  await values.flush();
  assert.deepEqual(overflown, [3, 6]);
  await values.flush();
  assert.deepEqual(written[1], [
    ["a", 6],
    ["b", 2],
    ["d", -4],
  ]);
});
