import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const own = fileURLToPath(new URL("../../bin/bienvenue.js", import.meta.url));

/** The service as a process of its own. */
export interface Service extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** Its log so far, entry by entry. */
  readonly logEntries: Record<string, unknown>[];
  /** Sends a signal and waits for the end; the exit code, or null when the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** What came of a start that failed. */
export interface Exit {
  readonly code: number | null;
  readonly stderr: string;
}

export interface LaunchOptions {
  /** A command that runs the service with rights or limits of its own, such as `setpriv` or `unshare`. */
  readonly under?: readonly string[];
  /** The program, if it is another than that of this clone. */
  readonly program?: string;
}

/** The service while it starts. */
export interface Starting extends AsyncDisposable {
  readonly process: ChildProcess;
  /** Its log so far, entry by entry. */
  readonly logEntries: Record<string, unknown>[];
  /** The exit code, or null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Waits for an entry of the log; rejects with what it printed when it ends before. */
  waitFor(event: string): Promise<Record<string, unknown>>;
}

/** A folder that goes away with the test. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "bienvenue-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Starts the service on a free port and waits until it listens.
 *
 * @param environment its settings; of other variables it sees PATH and TMPDIR
 * @throws {Error} with what it printed, when it ends instead
 */
export async function startService(environment: Record<string, string>, under: LaunchOptions = {}): Promise<Service> {
  const { process: child, logEntries, exited, waitFor, ...starting } = launchService(environment, under);
  const { url } = await waitFor("listening");
  return {
    ...starting,
    url: url as string,
    // URLs cannot hold the zone of an address.
    port: Number(/\d+$/.exec(url as string)?.[0]),
    process: child,
    logEntries,
    end(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

/** Starts the service on a free port, without waiting for it. */
export function launchService(environment: Record<string, string>, under: LaunchOptions = {}): Starting {
  const child = spawnProgram(environment, [], under);
  const logEntries: Record<string, unknown>[] = [];
  const waiting = new Map<string, PromiseWithResolvers<Record<string, unknown>>>();
  let stderr = "";
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
    const entry = JSON.parse(line);
    logEntries.push(entry);
    waiting.get(entry.event)?.resolve(entry);
  });
  const exited = once(child, "close").then(([code]) => code as number | null);
  const ended = exited.then((code) => Promise.reject(new Error(`the service ended with ${code}: ${stderr}`)));
  ended.catch(() => {});
  return {
    process: child,
    logEntries,
    exited,
    waitFor(event) {
      const entry = logEntries.find((each) => each.event === event);
      if (entry) return Promise.resolve(entry);
      const wanted = waiting.get(event) ?? Promise.withResolvers<Record<string, unknown>>();
      waiting.set(event, wanted);
      return Promise.race([wanted.promise, ended]);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Starts the service where it is expected to fail, and waits for its end. */
export async function failToStart(
  environment: Record<string, string>,
  args: string[] = [],
  under: LaunchOptions = {},
): Promise<Exit & { stdout: string }> {
  const child = spawnProgram(environment, args, under);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  // One that starts all the same is not waited for.
  const tooLong = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const [code] = await once(child, "close");
  clearTimeout(tooLong);
  return { code, stdout, stderr };
}

/** Starts the program, without waiting for it. */
export function spawnProgram(
  environment: Record<string, string>,
  args: string[],
  { under = [], program = own }: LaunchOptions = {},
): ChildProcess {
  const env = { ...standardEnvironment(), ...environment };
  const [command = "", ...rest] = [...under, process.execPath, program, ...args];
  return spawn(command, rest, { env, stdio: ["ignore", "pipe", "pipe"] });
}

/** What the program sees unless a test says otherwise. */
export function standardEnvironment(): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    TMPDIR: tmpdir(),
    PORT: "0",
    BCRYPT_COST: "4",
    DATABASE_URL: "sqlite::memory:",
    // If unset, Node passes on its own, and each process takes time to write its coverage.
    NODE_V8_COVERAGE: "",
  };
}

/** Runs a command of the program to its end. */
export function runInOwnProcess(args: string[], environment: Record<string, string> = {}) {
  return failToStart(environment, args);
}
