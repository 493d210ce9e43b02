import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { HashThread } from "./hash-thread.ts";
import type { Hashed, HashWork } from "./hash-work.js";

/**
 * How nice the threads of the usual class are. Beside programs of the usual priority they get at least 0.64 of their fair share
 * of a core, and the thread that serves requests a little more than its own.
 */
const niceness = 2;
/** How often an unfinished hash is checked, in milliseconds. */
const interval = 50;
/** How long a hash may be starved before it starts again, in milliseconds. */
const restartAfter = 100;
/** The same while requests keep a core busy: people who are logged in come first. */
const restartBehindRequestsAfter = 3000;
/** From which part of its time on the thread that serves requests counts as busy: its time on a core and its wait for one. */
const busyPart = 0.6;
/** When a thread that was made for a starved hash ends, in milliseconds after its last one. */
const idleTimeout = 60_000;

/**
 * The threads that hash: one for each core, of Linux's idle class, so that requests do not notice a flood of logins.
 *
 * Where other programs keep the cores busy, that class gets next to nothing, and without privileges a thread cannot leave it.
 * A hash that is starved is therefore computed again on a thread of the usual class, and the first result counts. The thread
 * that is starved remains busy until the cores have time for it, and so its successors start on the usual class at once.
 *
 * With one core, or where starvation cannot be seen, all threads are of the usual class.
 */
export class HashThreads {
  readonly #count: number;
  readonly #idle: readonly HashThread[];
  readonly #usual: HashThread[] = [];

  /** @param count how many hashes run at the same time */
  constructor(count: number) {
    this.#count = count;
    const usesIdle = availableParallelism() > 1 && HashThread.showsStarvation();
    this.#idle = usesIdle ? Array.from({ length: count }, () => new HashThread({ isIdle: true })) : [];
  }

  async run(work: HashWork): Promise<Hashed> {
    if (this.#idle.length === 0) return this.#runUsual(work);
    const isOverdue = this.#watch();
    let thread: HashThread | undefined;
    let result: Promise<Hashed> | undefined;
    do {
      if (!thread) {
        thread = this.#idle.find(({ running }) => running === 0);
        result = thread?.run(work);
      }
      if (await settlesWithin(result, interval)) return result as Promise<Hashed>;
    } while (!isOverdue(thread));
    const again = this.#runUsual(work);
    return result ? Promise.race([result, again.catch(() => result as Promise<Hashed>)]) : again;
  }

  /** Ends the threads, and waits for those without a hash. A busy one ends when its hash does, which may take long. */
  async close(): Promise<void> {
    const busy = [...this.#idle, ...this.#usual].filter(({ running }) => running > 0);
    const free = [...this.#idle, ...this.#usual].filter(({ running }) => running === 0);
    for (const thread of busy) thread.close();
    await Promise.all(free.map((thread) => thread.close()));
  }

  /** Returns a function that tells whether a hash that starts now is starved: on its thread, or waiting for one. */
  #watch(): (thread: HashThread | undefined) => boolean {
    const began = performance.now();
    const before = wantedCore();
    return (thread) => {
      const elapsed = performance.now() - began;
      const areRequestsBusy = wantedCore() - before > busyPart * elapsed;
      if (areRequestsBusy && elapsed < restartBehindRequestsAfter) return false;
      return thread === undefined || (elapsed > restartAfter && thread.isStarved());
    };
  }

  #runUsual(work: HashWork): Promise<Hashed> {
    const free = this.#usual.find(({ running }) => running === 0);
    if (free) return free.run(work);
    if (this.#usual.length < this.#count) {
      const timeout = this.#idle.length > 0 ? idleTimeout : undefined;
      this.#usual.push(new HashThread({ isIdle: false, niceness, idleTimeout: timeout }));
    }
    const [first] = this.#usual.toSorted((a, b) => a.running - b.running);
    return (first as HashThread).run(work);
  }
}

/**
 * How long this thread had a core or waited for one, in milliseconds; NaN if that cannot be read, for example without a free file
 * descriptor. The wait counts because it may be for hashes: otherwise hashes at the usual priority would make this thread look
 * idle, and the next ones would get that priority too.
 */
function wantedCore(): number {
  try {
    const [ran = 0, waited = 0] = readFileSync("/proc/thread-self/schedstat", "utf8").split(" ").map(Number);
    return (ran + waited) / 1e6;
  } catch {
    return Number.NaN;
  }
}

async function settlesWithin(promise: Promise<unknown> | undefined, milliseconds: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, milliseconds, false);
  const settled = () => true;
  try {
    return await Promise.race([late, ...(promise ? [promise.then(settled, settled)] : [])]);
  } finally {
    clearTimeout(timer);
  }
}
