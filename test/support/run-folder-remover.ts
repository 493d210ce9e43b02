// Waits until the test run ends, which closes standard input. Then kills the processes that it left, and removes its folder.
import { once } from "node:events";
import { rmSync } from "node:fs";
import { removeRunFolder } from "./run-folder.ts";
import { findProcesses } from "./run-processes.ts";

const [folder, coverage] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: run-folder-remover.ts FOLDER [COVERAGE]");
await once(process.stdin.resume(), "end");
// Stops PostgreSQL first. A killed server would leave its shared memory.
removeRunFolder(folder);
for (const pid of findProcesses(folder).filter((pid) => pid !== process.pid)) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has already ended.
  }
}
removeRunFolder(folder);
if (coverage !== undefined) rmSync(coverage, { recursive: true, force: true });
