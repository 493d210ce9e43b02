// Plain JavaScript, for a worker that loads TypeScript takes 14 MB more.
import { spawnSync } from "node:child_process";
import { existsSync, readlinkSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { compute } from "./hash-work.js";

/**
 * @typedef {{ isIdle: true } | { isIdle: false, niceness: number }} Priority
 * @typedef {{ task: number, work: import("./hash-work.js").HashWork }} Task
 * @typedef {{ task: number, result: import("./hash-work.js").Hashed } | { task: number, error: unknown }} Answer
 * @typedef {{ thread: string | undefined }} Ready with the kernel's id of the thread, on Linux
 */

/** @type {Priority} */
const priority = workerData;
const thread = existsSync("/proc/thread-self") ? readlinkSync("/proc/thread-self").split("/").pop() : undefined;
// After everything is loaded: on a busy machine that would take seconds in the idle class.
if (thread !== undefined) prioritize(thread);

parentPort?.on("message", (/** @type {Task} */ { task, work }) => answer({ task, ...attempt(work) }));
answer({ thread });

/** @param {Answer | Ready} message */
function answer(message) {
  parentPort?.postMessage(message);
}

/** @param {import("./hash-work.js").HashWork} work */
function attempt(work) {
  try {
    return { result: compute(work) };
  } catch (error) {
    return { error };
  }
}

/**
 * The idle class is Linux's for what runs when nothing else wants to. Even at the lowest priority of the usual class a thread
 * would take a slice of some milliseconds now and then, and one in a hundred requests would wait for it. If the
 * class is not available, the thread gets the lowest priority. Without privileges, a thread can leave neither.
 *
 * @param {string} thread
 */
function prioritize(thread) {
  // Of the thread that calls: /proc may be another PID namespace's, where this one has another id.
  setPriority(priority.isIdle ? constants.priority.PRIORITY_LOW : Math.min(19, getPriority() + priority.niceness));
  if (priority.isIdle)
    spawnSync("chrt", ["--idle", "--pid", "0", thread], { stdio: "ignore", env: { PATH: process.env.PATH } });
}
