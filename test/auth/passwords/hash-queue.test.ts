import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { HashQueue } from "../../../src/auth/passwords/hash-queue.ts";
import { AuthError } from "../../../src/errors.ts";

/** A queue whose work and clock the test controls. With one worker and 100 ms per hash it has room for 50. */
function createHeldQueue(workers = 1, duration = 100) {
  const held: { work: string; end: () => void; fail: (error: Error) => void }[] = [];
  const order: string[] = [];
  let time = 0;
  const compute = (work: string) => {
    order.push(work);
    return new Promise<string>((resolve, reject) => held.push({ work, end: () => resolve(work), fail: reject }));
  };
  const queue = new HashQueue(compute, workers, duration, { now: () => time });
  /** Takes a slot, hashes once, and frees it. */
  const run = async (work: string, path: readonly string[], known?: [string, string]) => {
    using slot = queue.enter({ path, devices: known ? [known[1]] : [] });
    queue.assign(slot, known);
    return await queue.run(slot, work);
  };
  /** Ends all work one by one, including work that starts in the meantime. */
  const release = async () => {
    for (let next = held.shift(); next; next = held.shift()) {
      time += duration;
      next.end();
      await flushMicrotasks();
    }
  };
  return { queue, order, held, run, release, forward: (milliseconds: number) => (time += milliseconds) };
}

type HeldQueue = ReturnType<typeof createHeldQueue>;

/** Waits for pending microtasks. */
async function flushMicrotasks(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function isBusy(error: unknown): boolean {
  return error instanceof AuthError && error.code === "busy" && (error.retryAfter ?? 0) >= 1;
}

/** Takes slots under one path. Resolves to the results when all have ended. */
function flood({ run }: HeldQueue, count: number, path: readonly string[], known?: [string, string]) {
  return Promise.allSettled(Array.from({ length: count }, (_, i) => run(`${path.at(-1)}-${i}`, path, known)));
}

function countResults(results: readonly PromiseSettledResult<string>[], status: "fulfilled" | "rejected"): number {
  return results.filter((result) => result.status === status).length;
}

test("as many hashes run at the same time as there are workers", async () => {
  const { order, run, release } = createHeldQueue(2);
  const all = ["a", "b", "c"].map((work) => run(work, ["n"]));
  assert.deepEqual(order, ["a", "b"]);
  await release();
  assert.deepEqual(await Promise.all(all), ["a", "b", "c"]);
});

test("networks take turns, even if one has queued many hashes first", async () => {
  const { order, run, release } = createHeldQueue();
  const all = ["a1", "a2", "a3", "a4", "b1", "c1", "b2"].map((work) => run(work, [work[0] as string]));
  await release();
  await Promise.all(all);
  assert.deepEqual(order, ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
});

test("the widest networks take turns, and the narrower ones within each", async () => {
  const { order, run, release } = createHeldQueue();
  const paths = ["x/a/1", "x/a/1", "x/a/2", "x/b/3", "x/c/4", "x/d/5", "y", "y", "y"];
  const all = paths.map((path, i) => run(`${i} ${path}`, path.split("/")));
  await release();
  await Promise.all(all);
  assert.deepEqual(
    order.map((work) => work.slice(2)),
    ["x/a/1", "x/a/1", "y", "x/b/3", "y", "x/c/4", "y", "x/d/5", "x/a/2"],
  );
});

test("one network can fill the queue while no other waits", async () => {
  const queue = createHeldQueue();
  const office = flood(queue, 51, ["office"]);
  await assert.rejects(queue.run("one too many", ["office"]), isBusy);
  await queue.release();
  assert.equal(countResults(await office, "fulfilled"), 51);
});

// id: full-queue-is-fair
test("if the queue is full, the network with the most slots loses its newest one to another network", async () => {
  const queue = createHeldQueue();
  const floods = Promise.all([flood(queue, 31, ["flood"]), flood(queue, 20, ["other"])]);
  const office = flood(queue, 15, ["office"]);
  await queue.release();
  const [[most, fewer], all] = [await floods, await office];
  assert.deepEqual(
    [most, fewer, all].map((results) => countResults(results, "fulfilled")),
    [1 + 18, 17, 15],
  );
  assert.deepEqual(
    most.map(({ status }) => status),
    [...Array(19).fill("fulfilled"), ...Array(12).fill("rejected")],
  );
});

test("a caller is rejected if its own network has the most slots, and no other caller is", async () => {
  const queue = createHeldQueue();
  const all = Array.from({ length: 51 }, (_, i) => queue.run(`${i}`, [`network ${i}`]));
  for (const path of ["network 1", "network 50", "another"])
    await assert.rejects(queue.run("newcomer", [path]), isBusy, path);
  await queue.release();
  assert.equal((await Promise.all(all)).length, 51);
});

test("five /64s of one /48 count as one network for others, and as five among each other", async () => {
  const queue = createHeldQueue();
  const of = (i: number) => ["48", `56-${i % 2}`, `64-${i}`];
  const floods = Array.from({ length: 5 }, (_, i) => flood(queue, 10, of(i)));
  const logins = Promise.all(Array.from({ length: 8 }, (_, i) => queue.run(`login ${i}`, [`192.0.2.${i}`])));
  const sixth = queue.run("sixth", ["48", "56-1", "64-6"]);
  await queue.release();
  assert.equal((await logins).length, 8);
  assert.equal(await sixth, "sixth");
  const came = (await Promise.all(floods)).map((results) => countResults(results, "fulfilled"));
  assert.equal(
    came.reduce((a, b) => a + b),
    51 - 9,
  );
  assert.ok(Math.min(...came) >= 6, String(came));
});

test("wouldReject predicts whether enter rejects a caller, also for an incomplete path", async () => {
  const queue = createHeldQueue();
  const asked = (path: readonly string[]) => queue.queue.wouldReject({ path });
  assert.equal(asked(["office"]), false);
  const office = flood(queue, 26, ["office"]);
  const none = flood(queue, 25, ["no network", "a@example.com"]);
  assert.equal(asked(["office"]), true);
  assert.equal(asked(["another"]), false);
  assert.equal(asked(["no network"]), false, "another account would get a slot");
  assert.equal(asked(["no network", "a@example.com"]), true);
  assert.equal(asked(["no network", "b@example.com"]), false);
  await queue.release();
  await Promise.all([office, none]);
});

// id: places-for-known-devices
test("slots for known devices stay free, whatever unknown devices do", async () => {
  const queue = createHeldQueue();
  const unknown = Promise.all(Array.from({ length: 1000 }, (_, i) => flood(queue, 1, [`network ${i}`])));
  const owners = Array.from({ length: 8 }, (_, i) =>
    queue.run(`owner ${i}`, ["network 7"], [`account ${i}`, `device ${i}`]),
  );
  const more = Promise.all(Array.from({ length: 1000 }, (_, i) => flood(queue, 1, [`later network ${i}`])));
  await queue.release();
  assert.equal((await Promise.all(owners)).length, 8);
  const positions = queue.order.flatMap((work, i) => (work.startsWith("owner") ? [i] : []));
  assert.ok(Math.max(...positions) <= 8 * 4, `one turn in four is theirs: ${positions}`);
  assert.equal((await unknown).flat().filter(({ status }) => status === "fulfilled").length, 51 - 8);
  assert.equal((await more).flat().filter(({ status }) => status === "fulfilled").length, 0);
});

test("a flood from a known device blocks neither other known devices nor unknown ones", async () => {
  const queue = createHeldQueue();
  const attacker = Promise.all(
    Array.from({ length: 100 }, (_, i) => flood(queue, 1, [`network ${i}`], ["attacker", `device ${i % 50}`])),
  );
  const owners = Array.from({ length: 3 }, (_, i) => queue.run(`owner ${i}`, ["home"], [`account ${i}`, `own ${i}`]));
  await assert.rejects(queue.run("unknown", ["elsewhere"]), isBusy, "the networks of the flood have one slot each");
  await queue.release();
  assert.equal((await Promise.all(owners)).length, 3);
  assert.equal((await attacker).flat().filter(({ status }) => status === "fulfilled").length, 51 - 3);
});

test("a known device without a free reserved slot counts for its network", async () => {
  const queue = createHeldQueue();
  const all = flood(queue, 51, ["office"], ["account", "device"]);
  await assert.rejects(queue.run("one too many", ["office"], ["account", "device"]), isBusy);
  const unknownCaller = queue.run("unknown", ["elsewhere"]);
  await queue.release();
  assert.equal(await unknownCaller, "unknown");
  assert.equal(countResults(await all, "fulfilled"), 50);
});

test("if the queue is full, two callers per device may proceed until the device is looked up", async () => {
  const queue = createHeldQueue();
  const unknown = Array.from({ length: 51 }, (_, i) => queue.run(`${i}`, [`network ${i}`]));
  const enter = (...devices: string[]) => queue.queue.enter({ path: ["home"], devices });
  assert.throws(() => enter(), isBusy);
  const [unknownCaller, owner] = [enter("invented"), enter("real")];
  enter("real");
  assert.throws(() => enter("real"), isBusy);
  assert.throws(() => enter("another", "real"), isBusy, "one of several devices is enough");
  assert.throws(() => queue.queue.assign(unknownCaller, undefined), isBusy);
  await assert.rejects(queue.queue.run(unknownCaller, "no slot"), isBusy);
  queue.queue.assign(owner, ["account", "real"]);
  const login = queue.queue.run(owner, "owner");
  enter("real");
  await queue.release();
  assert.equal(await login, "owner");
  assert.equal(countResults(await Promise.allSettled(unknown), "rejected"), 1);
});

test("a slot is taken before its work is known, and others have their turn in the meantime", async () => {
  const { queue, order, run, release } = createHeldQueue();
  using slot = queue.enter({ path: ["a"] });
  const all = Array.from({ length: 50 }, (_, i) => run(`${i}`, ["b"]));
  await assert.rejects(run("one too many", ["b"]), isBusy);
  const late = queue.run(slot, "late");
  await release();
  await Promise.all([late, ...all]);
  assert.equal(order[1], "late", "the slot does not have to wait for its turn again");
});

test("a disposed slot is free, whether it was used or not", async () => {
  const { queue, run, release } = createHeldQueue();
  const running = run("running", ["a"]);
  for (let i = 0; i < 200; i++) queue.enter({ path: ["a"] })[Symbol.dispose]();
  const last = Array.from({ length: 50 }, (_, i) => run(`${i}`, ["a"]));
  await assert.rejects(run("one too many", ["a"]), isBusy);
  await release();
  await Promise.all([running, ...last]);
  const slot = queue.enter({ path: ["a"] });
  slot[Symbol.dispose]();
  slot[Symbol.dispose]();
  await assert.rejects(queue.run(slot, "after its end"), isBusy);
});

test("a slot lost to another network rejects its work", async () => {
  const { queue, run, release } = createHeldQueue();
  const running = run("running", ["x"]);
  const slots = Array.from({ length: 50 }, () => queue.enter({ path: ["a"] }));
  const other = run("b", ["b"]);
  await assert.rejects(queue.run(slots.at(-1) as (typeof slots)[0], "lost"), isBusy);
  const kept = queue.run(slots[0] as (typeof slots)[0], "kept");
  await release();
  assert.deepEqual(await Promise.all([running, other, kept]), ["running", "b", "kept"]);
});

test("the second hash of a login waits for no turn, and cannot be rejected", async () => {
  const { queue, order, run, held, release } = createHeldQueue();
  using slot = queue.enter({ path: ["a"] });
  const first = queue.run(slot, "first");
  const others = Array.from({ length: 200 }, (_, i) => run(`${i}`, [`network ${i}`]).catch(() => {}));
  held.shift()?.end();
  await first;
  const second = queue.run(slot, "second");
  await release();
  assert.equal(await second, "second");
  assert.deepEqual(order.slice(0, 3), ["first", "0", "second"]);
  await Promise.all(others);
});

// id: long-wait-refused
test("a caller is rejected immediately if the expected wait is over five seconds", async () => {
  const { run, release } = createHeldQueue();
  const accepted = [run("running", ["a"])];
  for (let i = 0; i < 50; i++) accepted.push(run(`${i}`, ["a"]));
  await assert.rejects(run("one too many", ["a"]), isBusy);
  await release();
  assert.equal((await Promise.all(accepted)).length, 51);
});

// id: endless-hash-counts
test("a hash that does not end counts with its elapsed time: the expected wait grows", async () => {
  const { queue, run, forward, release } = createHeldQueue(2);
  const running = [run("1", ["a"]), run("2", ["a"])];
  const wait = () => queue.wouldReject({ path: ["b"] });
  forward(2400);
  const waiting = Array.from({ length: 4 }, (_, i) => run(`${i}`, [`network ${i}`]));
  assert.equal(wait(), true, "two threads have taken 2.4 seconds: five more would take over five");
  forward(3000);
  await assert.rejects(run("late", ["b"]), (error: AuthError) => isBusy(error) && (error.retryAfter ?? 0) > 5);
  await release();
  await Promise.all([...running, ...waiting]);
  assert.equal(wait(), false, "when hashes end again, the queue has room again");
});

test("one hash that takes long keeps one worker busy, not the others", async () => {
  const { queue, run, held, forward, release } = createHeldQueue(2);
  const slow = run("slow", ["a"]);
  forward(4000);
  const all = Array.from({ length: 51 }, (_, i) => run(`${i}`, [`network ${i}`]));
  assert.equal(queue.wouldReject({ path: ["another"] }), false);
  assert.equal(held.length, 2);
  await release();
  await Promise.all([slow, ...all]);
});

test("a caller that has waited for six seconds is rejected, and so is one whose hash does not end", async (t: TestContext) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { queue, run, held, release } = createHeldQueue();
  const running = run("running", ["a"]);
  const waiting = run("waiting", ["b"]);
  using idle = queue.enter({ path: ["c"] });
  t.mock.timers.tick(5999);
  assert.equal(await Promise.race([waiting, flushMicrotasks()]), undefined);
  t.mock.timers.tick(1);
  await assert.rejects(waiting, isBusy);
  await assert.rejects(queue.run(idle, "too late"), isBusy);
  t.mock.timers.tick(4000);
  await assert.rejects(running, isBusy);
  const next = run("next", ["b"]);
  await flushMicrotasks();
  assert.deepEqual(
    held.map(({ work }) => work),
    ["running"],
    "the worker is busy until its hash has ended",
  );
  await release();
  assert.equal(await next, "next");
});

test("a failed hash frees its worker", async () => {
  const { run, held, release } = createHeldQueue();
  const failing = run("fails", ["n"]);
  const next = run("next", ["n"]);
  held.shift()?.fail(new Error("worker gone"));
  await assert.rejects(failing, /worker gone/);
  await release();
  assert.equal(await next, "next");
  const later = run("later", ["n"]);
  await release();
  assert.equal(await later, "later");
});

test("work that cannot start frees its worker", async () => {
  let isBroken = true;
  const compute = (work: string): Promise<string> => {
    if (isBroken) throw new Error("no thread");
    return Promise.resolve(work);
  };
  const queue = new HashQueue(compute, 2, 100);
  const run = async (work: string) => {
    using slot = queue.enter({ path: ["a"] });
    return await queue.run(slot, work);
  };
  for (let i = 0; i < 500; i++) await assert.rejects(run("fails"), /no thread/);
  await Promise.all(Array.from({ length: 50 }, () => assert.rejects(run("fails"), /no thread/)));
  isBroken = false;
  assert.deepEqual(await Promise.all(["a", "b", "c"].map(run)), ["a", "b", "c"]);
});

test("closing rejects waiting and new hashes, and waits for running ones", async () => {
  const { queue, run, release } = createHeldQueue();
  const running = run("running", ["n"]);
  const waiting = assert.rejects(run("waiting", ["n"]), isBusy);
  using idle = queue.enter({ path: ["m"] });
  let closed = false;
  const closing = queue.close().then(() => {
    closed = true;
  });
  await waiting;
  await assert.rejects(run("late", ["n"]), isBusy);
  await assert.rejects(queue.run(idle, "late"), isBusy);
  assert.equal(queue.wouldReject({ path: ["n"] }), true);
  assert.throws(() => queue.enter({ path: ["n"], devices: ["device"] }), isBusy);
  assert.equal(closed, false);
  await release();
  assert.equal(await running, "running");
  await closing;
});
