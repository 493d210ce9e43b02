import { existsSync, readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { Hashed, HashWork } from "./hash-work.js";
import type { Answer, Priority, Ready, Task } from "./hash-worker.js";

/** The priority and lifetime of a thread. */
export type HashThreadOptions = Priority & {
  /** How long the thread lives without work, in milliseconds; by default for ever. */
  readonly idleTimeout?: number | undefined;
};

/** The thread cannot be made, or has ended. */
export class NoThread extends Error {
  constructor(cause: unknown) {
    super(`no thread to hash on${cause instanceof Error ? `: ${cause.message}` : ""}`, { cause });
  }
}

/** How long a thread may load before it counts as starved, in milliseconds. */
const loadTime = 1000;

/** A thread that hashes, one password after the other. It is made for its first hash, and again if it has ended. */
export class HashThread {
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

  /** @throws {NoThread} */
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
      for (const { reject } of this.#running.values()) reject(new NoThread(failure));
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
      throw new NoThread(error);
    }
  }

  #settle(answer: Answer): void {
    const outcome = this.#running.get(answer.task);
    this.#running.delete(answer.task);
    if (this.running === 0) this.#rest();
    if ("error" in answer) outcome?.reject(answer.error);
    else outcome?.resolve(answer.result);
  }

  /** Lets the process end, and ends the thread itself after `idleTimeout`. */
  #rest(): void {
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
