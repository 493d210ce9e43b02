// Plain JavaScript, for a worker that loads TypeScript takes 14 MB more.
import { spawnSync } from "node:child_process";
import { existsSync, readlinkSync } from "node:fs";

export { compute as default } from "./hash-work.js";

runWhenIdle();

/**
 * Moves this thread to the scheduling class of Linux for what runs when nothing else wants to. Even at the lowest priority
 * of the usual class it would take a slice of some milliseconds now and then, and one in a hundred requests would wait for
 * it. Where that is not to be had the priority is what remains.
 */
function runWhenIdle() {
  if (!existsSync("/proc/thread-self")) return;
  const thread = readlinkSync("/proc/thread-self").split("/").pop() ?? "";
  spawnSync("chrt", ["--idle", "--pid", "0", thread], { stdio: "ignore", env: { PATH: process.env.PATH } });
}
