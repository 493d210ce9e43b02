import assert from "node:assert/strict";
import { test } from "node:test";
import { bind, merge } from "../../src/values/bind.ts";

const counters = {
  add: (counter: { total: number }, by: number, times = 1) => {
    counter.total += by * times;
    return counter.total;
  },
  reset: (counter: { total: number }) => {
    counter.total = 0;
  },
  parse: (text: string) => Number(text),
};

test("bind returns the named functions with their first parameter bound", () => {
  const group = bind({ total: 1 }, counters, "add");
  assert.equal(group.add(2, 3), 7);
  assert.equal(group.add(1), 8);
  assert.deepEqual(Object.keys(group), ["add"]);
  // @ts-expect-error: not a named function.
  group.reset;
});

test("a function with another first parameter, or that does not exist, cannot be bound", () => {
  // @ts-expect-error: its first parameter is a string.
  bind({ total: 1 }, counters, "parse");
  // @ts-expect-error: it does not exist.
  assert.throws(() => bind({ total: 1 }, counters, "missing"), TypeError);
});

test("merge combines groups", () => {
  const counter = { total: 1 };
  const group = merge(bind(counter, counters, "add"), bind(counter, counters, "reset"));
  group.reset();
  assert.equal(group.add(2), 2);
  assert.deepEqual(Object.keys(group), ["add", "reset"]);
});
