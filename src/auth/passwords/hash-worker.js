// Plain JavaScript: a worker that loads TypeScript takes 14 MB more.
import { spawnSync } from "node:child_process";
import { existsSync, readlinkSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { compute } from "./hash-work.js";

/**
 * @typedef {{ isIdle: true } | { isIdle: false, niceness: number }} Priority
 * @typedef {{ task: number, work: import("./hash-work.js").HashWork }} TaskMessage
 * @typedef {{ task: number, result: import("./hash-work.js").HashResult } | { task: number, error: unknown }} ResultMessage
 * @typedef {{ thread: string | undefined }} ReadyMessage with the thread id of the operating system, on Linux
 */

/** @type {Priority} */
const priority = workerData;
const thread = existsSync("/proc/thread-self") ? readlinkSync("/proc/thread-self").split("/").pop() : undefined;
// After all modules are loaded: on a busy machine, loading in the idle class takes seconds.
if (thread !== undefined) prioritize(thread);

parentPort?.on("message", (/** @type {TaskMessage} */ { task, work }) => send({ task, ...computeOrFail(work) }));
send({ thread });

/** @param {ResultMessage | ReadyMessage} message */
function send(message) {
  parentPort?.postMessage(message);
}

/** @param {import("./hash-work.js").HashWork} work */
function computeOrFail(work) {
  try {
    return { result: compute(work) };
  } catch (error) {
    return { error };
  }
}

/**
 * Moves the thread to Linux's idle scheduling class, whose threads run only if no others need the core. Even at the lowest
 * priority of the normal class, a thread takes a core for some milliseconds now and then, and one in a hundred requests waits
 * for it. If the class is not available, the thread keeps the lowest priority. It cannot leave either without privileges.
 *
 * @param {string} thread
 */
function prioritize(thread) {
  // Without an id, for the calling thread: /proc may belong to another PID namespace, in which its id differs.
  setPriority(priority.isIdle ? constants.priority.PRIORITY_LOW : Math.min(19, getPriority() + priority.niceness));
  if (priority.isIdle)
    spawnSync("chrt", ["--idle", "--pid", "0", thread], { stdio: "ignore", env: { PATH: process.env.PATH } });
}
