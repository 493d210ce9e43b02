import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Hashed, HashWork } from "./hash-work.js";
import type { Answer, Priority, Ready, Task } from "./hash-worker.js";

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
/** How long a thread may load before it counts as starved, in milliseconds. */
const loadTime = 1000;

/** The thread cannot be made, or has ended. */
export class HashThreadError extends Error {
  constructor(cause: unknown) {
    super(`no thread available for hashing${cause instanceof Error ? `: ${cause.message}` : ""}`, { cause });
  }
}

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
    const start = { time: performance.now(), wanted: wantedCore() };
    let thread: HashThread | undefined;
    let result: Promise<Hashed> | undefined;
    do {
      if (!thread) {
        thread = this.#idle.find(({ running }) => running === 0);
        result = thread?.run(work);
      }
      const hashed = await within(interval, result);
      if (hashed !== undefined) return hashed;
    } while (!isOverdue(thread, start));
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

/** Whether a hash that started then is starved: on its thread, or waiting for one. */
function isOverdue(thread: HashThread | undefined, start: { readonly time: number; readonly wanted: number }): boolean {
  const elapsed = performance.now() - start.time;
  const areRequestsBusy = wantedCore() - start.wanted > busyPart * elapsed;
  if (areRequestsBusy && elapsed < restartBehindRequestsAfter) return false;
  return thread === undefined || (elapsed > restartAfter && thread.isStarved());
}

/** The priority and lifetime of a thread. */
type HashThreadOptions = Priority & {
  /** How long the thread lives without work, in milliseconds; by default for ever. */
  readonly idleTimeout?: number | undefined;
};

/** A thread that hashes, one password after the other. It is made for its first hash, and again if it has ended. */
class HashThread {
  readonly #options: HashThreadOptions;
  readonly #running = new Map<number, PromiseWithResolvers<Hashed>>();
  #worker: Worker | undefined;
  /** When it has loaded, or failed to. */
  #ready: Promise<void> | undefined;
  /** The kernel's id of the thread, once it has loaded. */
  #id: string | undefined;
  #leaving: NodeJS.Timeout | undefined;
  #tasks = 0;
  #startedAt = 0;
  #ranBefore = 0;

  /** Whether this system reports how long threads ran. */
  static showsStarvation(): boolean {
    return existsSync("/proc/thread-self/schedstat");
  }

  constructor(options: HashThreadOptions) {
    this.#options = options;
  }

  /** How many hashes it computes or has waiting. */
  get running(): number {
    return this.#running.size;
  }

  /** @throws {HashThreadError} */
  async run(work: HashWork): Promise<Hashed> {
    clearTimeout(this.#leaving);
    this.#worker ??= this.#start();
    const task = this.#tasks++;
    const outcome = Promise.withResolvers<Hashed>();
    this.#startedAt = performance.now();
    this.#ranBefore = this.#ran() ?? 0;
    this.#running.set(task, outcome);
    this.#worker.ref();
    this.#worker.postMessage({ task, work } satisfies Task);
    return outcome.promise;
  }

  /** Whether the hash that it computes has had a core for less than a third of its time. */
  isStarved(): boolean {
    const time = performance.now() - this.#startedAt;
    const ran = this.#ran();
    return ran === undefined ? time > loadTime : (ran - this.#ranBefore) * 3 < time;
  }

  /** Ends the thread when it has loaded and its hashes have ended: earlier, bcrypt would take the whole process with it. */
  async close(): Promise<void> {
    await this.#ready;
    await Promise.allSettled([...this.#running.values()].map(({ promise }) => promise));
    await this.#end();
  }

  async #end(): Promise<void> {
    clearTimeout(this.#leaving);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#id = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = this.#make();
    const loaded = Promise.withResolvers<void>();
    this.#ready = loaded.promise;
    worker.unref();
    worker.on("message", (message: Ready | Answer) => {
      if ("task" in message) {
        this.#settle(message);
        return;
      }
      this.#id = message.thread;
      loaded.resolve();
    });
    let failure: unknown;
    worker.on("error", (error) => {
      failure = error;
    });
    worker.on("exit", () => {
      loaded.resolve();
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#id = undefined;
      for (const { reject } of this.#running.values()) reject(new HashThreadError(failure));
      this.#running.clear();
    });
    return worker;
  }

  #make(): Worker {
    try {
      return new Worker(new URL("./hash-worker.js", import.meta.url), {
        workerData: this.#options,
        // Modules preloaded by the process, such as a tracing SDK, are of no use in the thread.
        execArgv: [],
      });
    } catch (error) {
      throw new HashThreadError(error);
    }
  }

  #settle(answer: Answer): void {
    const outcome = this.#running.get(answer.task);
    this.#running.delete(answer.task);
    if ("error" in answer) outcome?.reject(answer.error);
    else outcome?.resolve(answer.result);
    if (this.running > 0) return;
    // Lets the process end, and the thread itself after `idleTimeout`.
    this.#worker?.unref();
    const { idleTimeout } = this.#options;
    if (idleTimeout !== undefined) this.#leaving = setTimeout(() => this.#end(), idleTimeout).unref();
  }

  /** How long the thread has had a core, in milliseconds; undefined until it has loaded, or if the system does not report it. */
  #ran(): number | undefined {
    if (this.#id === undefined) return undefined;
    try {
      return Number.parseInt(readFileSync(`/proc/self/task/${this.#id}/schedstat`, "utf8"), 10) / 1e6;
    } catch {
      return undefined;
    }
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

/** What the promise resolves to; undefined after so many milliseconds. */
async function within<T>(milliseconds: number, promise: Promise<T> | undefined): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, milliseconds, undefined);
  try {
    return await Promise.race(promise ? [late, promise] : [late]);
  } finally {
    clearTimeout(timer);
  }
}
