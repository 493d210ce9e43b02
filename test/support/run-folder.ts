import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

/** How long a PostgreSQL may take to end, in milliseconds. */
const shutdownTimeout = 20_000;

/**
 * Creates the temporary folder of this run of tests. However the run ends, even by SIGKILL, a process that outlives it removes
 * the folder.
 */
export function createRunFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bienvenue-tests-"));
  // Writable by all, like the system's own: programs that run as another user create files there too.
  chmodSync(folder, 0o1777);
  process.env[process.platform === "win32" ? "TEMP" : "TMPDIR"] = folder;
  const remover = fileURLToPath(new URL("./run-folder-remover.ts", import.meta.url));
  // A group of its own, so that an interrupt at the terminal does not end it; its input ends with this process.
  // The runner makes the folder of the coverage before this, and leaves it where it is made to end (--test-force-exit).
  const { NODE_V8_COVERAGE: coverage = "" } = process.env;
  const folders = [folder, ...(basename(coverage).startsWith("node-coverage-") ? [coverage] : [])];
  const child = spawn(process.execPath, [remover, ...folders], {
    // If unset, Node passes on its own.
    env: { ...process.env, NODE_V8_COVERAGE: "" },
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.unref();
  (child.stdin as typeof child.stdin & { unref(): void }).unref();
  return folder;
}

/**
 * Ends the PostgreSQL servers that run in a folder, and removes it. It is synchronous, because a run that ends does not wait.
 */
export function removeRunFolder(folder: string): void {
  for (const data of serversIn(folder)) stopServer(data);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

function serversIn(folder: string): string[] {
  return entriesOf(folder)
    .map((name) => join(folder, name, "data"))
    .filter((data) => entriesOf(data).includes("postmaster.pid"));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function stopServer(data: string): void {
  const pid = postmasterOf(data);
  // A killed server leaves its file, whose process id may belong to another process by now.
  if (pid === undefined || !spawnSync("ps", ["-o", "command=", "-p", String(pid)]).stdout?.includes(data)) return;
  // An immediate shutdown; the server removes its file last.
  process.kill(pid, "SIGQUIT");
  const end = Date.now() + shutdownTimeout;
  while (postmasterOf(data) !== undefined && Date.now() < end) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}

function postmasterOf(data: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(join(data, "postmaster.pid"), "utf8"), 10) || undefined;
  } catch {
    return undefined;
  }
}
