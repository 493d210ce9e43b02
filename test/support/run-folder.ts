import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Milliseconds that PostgreSQL has to stop. */
const shutdownTimeout = 20_000;

/** Creates the temporary folder of this test run. A process that outlives the run removes the folder, even after SIGKILL. */
export function createRunFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bienvenue-tests-"));
  // Writable by all users, like /tmp, because programs of other users create files there too.
  chmodSync(folder, 0o1777);
  process.env[process.platform === "win32" ? "TEMP" : "TMPDIR"] = folder;
  const remover = fileURLToPath(new URL("./run-folder-remover.ts", import.meta.url));
  // With --test-force-exit the test runner leaves its coverage folder behind.
  const { NODE_V8_COVERAGE: coverage = "" } = process.env;
  const folders = [folder, ...(basename(coverage).startsWith("node-coverage-") ? [coverage] : [])];
  const child = spawn(process.execPath, [remover, ...folders], {
    // If unset, Node passes the coverage folder of this process on.
    env: { ...process.env, NODE_V8_COVERAGE: "" },
    // A separate process group, which Ctrl-C in the terminal does not reach.
    detached: true,
    // Its standard input closes when this process ends.
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.unref();
  (child.stdin as typeof child.stdin & { unref(): void }).unref();
  return folder;
}

/** Stops the PostgreSQL servers in a folder, and removes the folder. Synchronous, because a run that ends does not wait. */
export function removeRunFolder(folder: string): void {
  for (const data of findServers(folder)) stopServer(data);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

function findServers(folder: string): string[] {
  return listEntries(folder)
    .map((name) => join(folder, name, "data"))
    .filter((data) => listEntries(data).includes("postmaster.pid"));
}

function listEntries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function stopServer(data: string): void {
  const pid = readPostmasterPid(data);
  // A killed server leaves its pid file, and another process may have its id by now.
  if (pid === undefined || !spawnSync("ps", ["-o", "command=", "-p", String(pid)]).stdout?.includes(data)) return;
  // An immediate shutdown. The server removes its pid file last.
  process.kill(pid, "SIGQUIT");
  const end = Date.now() + shutdownTimeout;
  while (readPostmasterPid(data) !== undefined && Date.now() < end) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}

function readPostmasterPid(data: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(join(data, "postmaster.pid"), "utf8"), 10) || undefined;
  } catch {
    return undefined;
  }
}
