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

test("a group has the functions that were named, with their first parameter given", () => {
  const group = bind({ total: 1 }, counters, "add");
  assert.equal(group.add(2, 3), 7);
  assert.equal(group.add(1), 8);
  assert.deepEqual(Object.keys(group), ["add"]);
  // @ts-expect-error: it was not named.
  group.reset;
});

test("a function that takes something else first, or does not exist, is in no group", () => {
  // @ts-expect-error: it takes text.
  bind({ total: 1 }, counters, "parse");
  // @ts-expect-error: there is none.
  assert.throws(() => bind({ total: 1 }, counters, "missing"), TypeError);
});

test("several groups become one", () => {
  const counter = { total: 1 };
  const group = merge(bind(counter, counters, "add"), bind(counter, counters, "reset"));
  group.reset();
  assert.equal(group.add(2), 2);
  assert.deepEqual(Object.keys(group), ["add", "reset"]);
});
