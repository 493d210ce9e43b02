import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

/** One thread per core that compares a password with its hash. */
export class HashThreads implements AsyncDisposable {
  readonly #threads: readonly Worker[];

  constructor(password: string, hash: string) {
    const file = new URL("./hash-thread.ts", import.meta.url);
    const workerData = { password, hash };
    this.#threads = Array.from({ length: availableParallelism() }, () => new Worker(file, { workerData }));
  }

  /**
   * Runs comparisons on all cores.
   *
   * @param times comparisons per core
   * @returns comparisons per second, on all cores together
   */
  async run(times: number): Promise<number> {
    const began = performance.now();
    const done = this.#threads.map((thread) => once(thread, "message"));
    for (const thread of this.#threads) thread.postMessage(times);
    await Promise.all(done);
    return (times * this.#threads.length * 1000) / (performance.now() - began);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }
}
