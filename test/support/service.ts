import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const defaultProgram = fileURLToPath(new URL("../../bin/bienvenue.js", import.meta.url));

/** A service in a separate process. */
export interface Service extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** The log entries so far. */
  readonly logEntries: Record<string, unknown>[];
  /** Sends a signal, waits until the process exits, and returns the exit code, or null if the signal ended the process. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** The result of a process that has ended. */
export interface ProgramResult {
  readonly code: number | null;
  readonly stderr: string;
}

export interface LaunchOptions {
  /** A command that starts the program with other rights or limits, such as `setpriv` or `unshare`. */
  readonly wrapper?: readonly string[];
  /** The path of the program; by default that of this repository. */
  readonly program?: string;
}

/** A service that is starting. */
export interface StartingService extends AsyncDisposable {
  readonly process: ChildProcess;
  /** The log entries so far. */
  readonly logEntries: Record<string, unknown>[];
  /** The exit code, or null if a signal ended the process. */
  readonly exited: Promise<number | null>;
  /** Waits for a log entry of this event. Rejects with standard error if the process ends first. */
  waitForEvent(event: string): Promise<Record<string, unknown>>;
}

/** Creates a folder that is removed when it is disposed of. */
export async function createTemporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "bienvenue-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Starts the service on a free port, and waits until it listens.
 *
 * @param environment settings in addition to the defaults; of the variables of the test, only PATH and TMPDIR are passed on
 * @throws {Error} with standard error if the process ends
 */
export async function startService(environment: Record<string, string>, options: LaunchOptions = {}): Promise<Service> {
  const { process: child, logEntries, exited, waitForEvent, ...starting } = launchService(environment, options);
  const { url } = await waitForEvent("listening");
  return {
    ...starting,
    url: url as string,
    // `new URL` would reject the zone of an IPv6 address.
    port: Number(/\d+$/.exec(url as string)?.[0]),
    process: child,
    logEntries,
    stop(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

/** Starts the service on a free port, without waiting for it. */
export function launchService(environment: Record<string, string>, options: LaunchOptions = {}): StartingService {
  const child = spawnProgram(environment, [], options);
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
  const ended = exited.then((code) => Promise.reject(new Error(`the service exited with code ${code}: ${stderr}`)));
  ended.catch(() => {});
  return {
    process: child,
    logEntries,
    exited,
    waitForEvent(event) {
      const entry = logEntries.find((each) => each.event === event);
      if (entry) return Promise.resolve(entry);
      const pending = waiting.get(event) ?? Promise.withResolvers<Record<string, unknown>>();
      waiting.set(event, pending);
      return Promise.race([pending.promise, ended]);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Runs a command, or a service that must fail to start, until it exits. Kills it after 20 seconds. */
export async function runProgram(
  environment: Record<string, string>,
  args: string[] = [],
  options: LaunchOptions = {},
): Promise<ProgramResult & { stdout: string }> {
  const child = spawnProgram(environment, args, options);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  // Kills a service that starts although it should fail.
  const timeout = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const [code] = await once(child, "close");
  clearTimeout(timeout);
  return { code, stdout, stderr };
}

/** Starts the program, without waiting for it. */
export function spawnProgram(
  environment: Record<string, string>,
  args: string[],
  { wrapper = [], program = defaultProgram }: LaunchOptions = {},
): ChildProcess {
  const env = { ...createDefaultEnvironment(), ...environment };
  const [command = "", ...rest] = [...wrapper, process.execPath, program, ...args];
  return spawn(command, rest, { env, stdio: ["ignore", "pipe", "pipe"] });
}

/** The default environment of the program. */
export function createDefaultEnvironment(): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    TMPDIR: tmpdir(),
    PORT: "0",
    BCRYPT_COST: "4",
    DATABASE_URL: "sqlite::memory:",
    // If unset, Node passes the coverage folder of this process on, and each process spends time on writing its coverage.
    NODE_V8_COVERAGE: "",
  };
}

/** Runs a command in a separate process until it exits. `runCommand` is faster, but shares a process. */
export function runInSeparateProcess(args: string[], environment: Record<string, string> = {}) {
  return runProgram(environment, args);
}
