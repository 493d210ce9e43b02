import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { HashResult, HashWork } from "./hash-work.js";
import type { Priority, ReadyMessage, ResultMessage, TaskMessage } from "./hash-worker.js";

/**
 * The niceness of threads in the normal scheduling class. Next to programs of normal priority they get at least 0.64 of
 * their fair share of a core, and the thread that serves requests gets a little more than its share.
 */
const niceness = 2;
/** How often an unfinished hash is checked, in milliseconds. */
const checkInterval = 50;
/** How long a hash may be starved before it is started again, in milliseconds. */
const starvationTimeout = 100;
/** The same while requests keep a core busy, because requests come first. */
const starvationTimeoutBehindRequests = 3000;
/** The thread that serves requests is busy if it runs, or waits for a core, for more than this share of the time. */
const busyShare = 0.6;
/** How long a thread that was started for a starved hash is kept without work, in milliseconds. */
const idleTimeout = 60_000;
/** How long a thread may take to load before it counts as starved, in milliseconds. */
const loadTimeout = 1000;

/** Thrown if a thread cannot be started, or has ended. */
export class HashThreadError extends Error {
  constructor(cause: unknown) {
    super(`no thread available for hashing${cause instanceof Error ? `: ${cause.message}` : ""}`, { cause });
  }
}

/**
 * The hash threads: one for each core, in Linux's idle scheduling class, so that a flood of logins does not slow down
 * requests.
 *
 * If other programs keep the cores busy, threads of the idle class get almost no time, and cannot leave the class without
 * privileges. A starved hash is therefore computed again on a thread of the normal class, and the first result counts. The
 * starved thread stays busy until it gets a core, so further hashes start on the normal class.
 *
 * With one core, or if the system does not report starvation, all threads are in the normal class.
 */
export class HashThreads {
  readonly #count: number;
  readonly #idle: readonly HashThread[];
  readonly #normal: HashThread[] = [];

  /** @param count how many hashes run at the same time */
  constructor(count: number) {
    this.#count = count;
    const usesIdle = availableParallelism() > 1 && HashThread.showsStarvation();
    this.#idle = usesIdle ? Array.from({ length: count }, () => new HashThread({ isIdle: true })) : [];
  }

  async run(work: HashWork): Promise<HashResult> {
    if (this.#idle.length === 0) return this.#runNormal(work);
    const start = { time: performance.now(), coreDemand: measureCoreDemand() };
    let thread: HashThread | undefined;
    let result: Promise<HashResult> | undefined;
    do {
      if (!thread) {
        thread = this.#idle.find(({ running }) => running === 0);
        result = thread?.run(work);
      }
      const hashed = await within(checkInterval, result);
      if (hashed !== undefined) return hashed;
    } while (!isOverdue(thread, start));
    const restarted = this.#runNormal(work);
    return result ? Promise.race([result, restarted.catch(() => result as Promise<HashResult>)]) : restarted;
  }

  /** Ends the threads, and waits for those without work. A busy thread ends later, when its hash is done. */
  async close(): Promise<void> {
    const busy = [...this.#idle, ...this.#normal].filter(({ running }) => running > 0);
    const free = [...this.#idle, ...this.#normal].filter(({ running }) => running === 0);
    for (const thread of busy) thread.close();
    await Promise.all(free.map((thread) => thread.close()));
  }

  #runNormal(work: HashWork): Promise<HashResult> {
    const free = this.#normal.find(({ running }) => running === 0);
    if (free) return free.run(work);
    if (this.#normal.length < this.#count) {
      const timeout = this.#idle.length > 0 ? idleTimeout : undefined;
      this.#normal.push(new HashThread({ isIdle: false, niceness, idleTimeout: timeout }));
    }
    const [first] = this.#normal.toSorted((a, b) => a.running - b.running);
    return (first as HashThread).run(work);
  }
}

/** Returns true if a hash is starved: on its thread, or while it waits for one. */
function isOverdue(
  thread: HashThread | undefined,
  start: { readonly time: number; readonly coreDemand: number },
): boolean {
  const elapsed = performance.now() - start.time;
  const areRequestsBusy = measureCoreDemand() - start.coreDemand > busyShare * elapsed;
  if (areRequestsBusy && elapsed < starvationTimeoutBehindRequests) return false;
  return thread === undefined || (elapsed > starvationTimeout && thread.isStarved());
}

type HashThreadOptions = Priority & {
  /** Milliseconds without work after which the thread ends; by default never. */
  readonly idleTimeout?: number | undefined;
};

/** A thread that computes one hash after the other. It is started for the first hash, and restarted if it has ended. */
class HashThread {
  readonly #options: HashThreadOptions;
  readonly #running = new Map<number, PromiseWithResolvers<HashResult>>();
  #worker: Worker | undefined;
  /** Resolves when the thread has loaded or ended. */
  #ready: Promise<void> | undefined;
  /** The thread id of the operating system, once the thread has loaded. */
  #id: string | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #tasks = 0;
  #startedAt = 0;
  #runTimeBefore = 0;

  /** Returns true if this system reports the run time of threads. */
  static showsStarvation(): boolean {
    return existsSync("/proc/thread-self/schedstat");
  }

  constructor(options: HashThreadOptions) {
    this.#options = options;
  }

  /** The number of running and waiting hashes. */
  get running(): number {
    return this.#running.size;
  }

  /** @throws {HashThreadError} */
  async run(work: HashWork): Promise<HashResult> {
    clearTimeout(this.#idleTimer);
    this.#worker ??= this.#start();
    const task = this.#tasks++;
    const outcome = Promise.withResolvers<HashResult>();
    this.#startedAt = performance.now();
    this.#runTimeBefore = this.#getRunTime() ?? 0;
    this.#running.set(task, outcome);
    this.#worker.ref();
    this.#worker.postMessage({ task, work } satisfies TaskMessage);
    return outcome.promise;
  }

  /** Returns true if the running hash has had a core for less than a third of its time. */
  isStarved(): boolean {
    const time = performance.now() - this.#startedAt;
    const runTime = this.#getRunTime();
    return runTime === undefined ? time > loadTimeout : (runTime - this.#runTimeBefore) * 3 < time;
  }

  /** Ends the thread once it has loaded and its hashes are done. If it ended earlier, bcrypt would crash the process. */
  async close(): Promise<void> {
    await this.#ready;
    await Promise.allSettled([...this.#running.values()].map(({ promise }) => promise));
    await this.#end();
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idleTimer);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#id = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = this.#createWorker();
    const loaded = Promise.withResolvers<void>();
    this.#ready = loaded.promise;
    worker.unref();
    worker.on("message", (message: ReadyMessage | ResultMessage) => {
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

  #createWorker(): Worker {
    try {
      return new Worker(new URL("./hash-worker.js", import.meta.url), {
        workerData: this.#options,
        // Without the modules that the process preloads, such as a tracing SDK.
        execArgv: [],
      });
    } catch (error) {
      throw new HashThreadError(error);
    }
  }

  #settle(answer: ResultMessage): void {
    const outcome = this.#running.get(answer.task);
    this.#running.delete(answer.task);
    if ("error" in answer) outcome?.reject(answer.error);
    else outcome?.resolve(answer.result);
    if (this.running > 0) return;
    // An idle thread must not keep the process running.
    this.#worker?.unref();
    const { idleTimeout } = this.#options;
    if (idleTimeout !== undefined) this.#idleTimer = setTimeout(() => this.#end(), idleTimeout).unref();
  }

  /** The run time of the thread, in milliseconds; undefined before it has loaded, or if the system does not report it. */
  #getRunTime(): number | undefined {
    if (this.#id === undefined) return undefined;
    try {
      return Number.parseInt(readFileSync(`/proc/self/task/${this.#id}/schedstat`, "utf8"), 10) / 1e6;
    } catch {
      return undefined;
    }
  }
}

/**
 * Returns how long this thread had a core or waited for one, in milliseconds; NaN if that cannot be read, for example
 * without a free file descriptor. The wait counts because hashes may cause it: otherwise hashes in the normal class would
 * make this thread look idle, and more hashes would move to that class.
 */
function measureCoreDemand(): number {
  try {
    const [runTime = 0, waited = 0] = readFileSync("/proc/thread-self/schedstat", "utf8").split(" ").map(Number);
    return (runTime + waited) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** Resolves to the result of the promise, or to undefined after the timeout. */
async function within<T>(milliseconds: number, promise: Promise<T> | undefined): Promise<T | undefined> {
  const { promise: timeout, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, milliseconds, undefined);
  try {
    return await Promise.race(promise ? [timeout, promise] : [timeout]);
  } finally {
    clearTimeout(timer);
  }
}
