import assert from "node:assert/strict";
import { test } from "node:test";
import { HashQueue } from "../../src/auth/hash-queue.ts";
import { AuthError } from "../../src/errors.ts";

/** A queue whose work ends when the test says so; with one worker and 100 ms a hash it has room for 50. */
function heldQueue(workers = 1) {
  const held: { work: string; end: () => void; fail: (error: Error) => void }[] = [];
  const order: string[] = [];
  const compute = (work: string) => {
    order.push(work);
    return new Promise<string>((resolve, reject) => held.push({ work, end: () => resolve(work), fail: reject }));
  };
  const queue = new HashQueue(compute, workers, 100);
  /** Ends all work, and what starts then, in turn. */
  const release = async () => {
    for (let next = held.shift(); next; next = held.shift()) {
      next.end();
      for (let i = 0; i < 10; i++) await Promise.resolve();
    }
  };
  return { queue, order, held, release };
}

function isBusy(error: unknown): boolean {
  return error instanceof AuthError && error.code === "busy" && (error.retryAfter ?? 0) >= 1;
}

test("as many hashes run at once as there are workers", async () => {
  const { queue, order, release } = heldQueue(2);
  const all = ["a", "b", "c"].map((work) => queue.run(work, "n"));
  assert.deepEqual(order, ["a", "b"]);
  await release();
  assert.deepEqual(await Promise.all(all), ["a", "b", "c"]);
});

test("networks are served in turn, however many of one came first", async () => {
  const { queue, order, release } = heldQueue();
  const all = ["a1", "a2", "a3", "a4", "b1", "c1", "b2"].map((work) => queue.run(work, work[0]));
  await release();
  await Promise.all(all);
  assert.deepEqual(order, ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
});

test("one network holds no more than a quarter of the queue, and others still have room", async () => {
  const { queue, release } = heldQueue();
  const running = queue.run("running", "other");
  const quarter = Array.from({ length: 12 }, (_, i) => queue.run(`a${i}`, "a"));
  await assert.rejects(queue.run("a12", "a"), isBusy);
  const another = queue.run("b", "b");
  await release();
  assert.equal((await Promise.all([running, ...quarter, another])).length, 14);
});

test("when the wait would pass five seconds the next is refused at once", async () => {
  const { queue, release } = heldQueue();
  const accepted = [queue.run("running", undefined)];
  for (let i = 0; i < 50; i++) accepted.push(queue.run(`${i}`, undefined));
  await assert.rejects(queue.run("one too many", undefined), isBusy);
  await release();
  assert.equal((await Promise.all(accepted)).length, 51);
});

test("a hash that fails gives its worker back", async () => {
  const { queue, held, release } = heldQueue();
  const failing = queue.run("fails", "n");
  const next = queue.run("next", "n");
  held.shift()?.fail(new Error("worker gone"));
  await assert.rejects(failing, /worker gone/);
  await release();
  assert.equal(await next, "next");
  const later = queue.run("later", "n");
  await release();
  assert.equal(await later, "later");
});

test("closing refuses what waits and what comes, and waits for what is computed", async () => {
  const { queue, release } = heldQueue();
  const running = queue.run("running", "n");
  const waiting = assert.rejects(queue.run("waiting", "n"), isBusy);
  let closed = false;
  const closing = queue.close().then(() => {
    closed = true;
  });
  await waiting;
  await assert.rejects(queue.run("late", "n"), isBusy);
  assert.equal(closed, false);
  await release();
  assert.equal(await running, "running");
  await closing;
});
