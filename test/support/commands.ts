import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { on } from "node:events";
import { tmpdir } from "node:os";
import type { Readable } from "node:stream";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import type { CommandRequest } from "./command-host.ts";
import { createDefaultEnvironment, type ProgramResult, runProgram } from "./service.ts";

/** Milliseconds after which a command is killed. */
const commandTimeout = 20_000;

const commandsRun = new Set<string>();
/** The processes that run commands, by their wrapper. */
const hosts = new Map<string, ChildProcess>();
let last: Promise<unknown> = Promise.resolve();

after(() => {
  for (const host of hosts.values()) if (host.connected) host.disconnect();
});

/**
 * Runs a command of the program until it exits. The first run of each command is a separate process, as in a terminal. Later
 * runs share one process, because loading the program takes far longer than most commands. The command must not read standard
 * input or close standard output, which `export` does when it writes there. Without arguments the service starts, and the
 * start must fail.
 *
 * @param folder the working directory
 * @param wrapper a command that starts the process, for example with other rights
 */
export function runCommand(
  args: readonly string[],
  environment: Record<string, string> = {},
  folder = process.cwd(),
  wrapper: readonly string[] = [],
): Promise<ProgramResult & { stdout: string }> {
  const [name = ""] = args;
  if (!commandsRun.has(name)) {
    commandsRun.add(name);
    return runProgram(environment, [...args], { wrapper: [...wrapper, "sh", "-c", 'cd "$0" && exec "$@"', folder] });
  }
  const running = last.then(() => runInHost(wrapper, args, { ...createDefaultEnvironment(), ...environment }, folder));
  last = running.catch(() => {});
  return running;
}

async function runInHost(
  wrapper: readonly string[],
  args: readonly string[],
  environment: Record<string, string>,
  folder: string,
): Promise<ProgramResult & { stdout: string }> {
  const key = wrapper.join(" ");
  const running = hosts.get(key);
  const child = running?.connected ? running : startHost(wrapper);
  hosts.set(key, child);
  const order: CommandRequest = { args, environment, folder, endMarker: randomUUID() };
  const printed = [child.stdout, child.stderr].map((stream) => readUntil(order.endMarker, stream as Readable));
  const timeout = setTimeout(() => child.kill("SIGKILL"), commandTimeout);
  child.send(order);
  const [stdout = "", stderr = ""] = await Promise.all(printed).finally(() => clearTimeout(timeout));
  const [, output = "", code] = /^(.*) code (\d+)$/s.exec(stderr) ?? [];
  return { code: Number(code), stdout, stderr: output };
}

function startHost(wrapper: readonly string[]): ChildProcess {
  const [command = "", ...rest] = [
    ...wrapper,
    process.execPath,
    fileURLToPath(new URL("./command-host.ts", import.meta.url)),
  ];
  const child = spawn(command, rest, {
    env: { PATH: process.env.PATH, TMPDIR: tmpdir(), NODE_V8_COVERAGE: "" },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  child.stdout?.setEncoding("utf8");
  child.stderr?.setEncoding("utf8");
  return child;
}

/** Returns the output before `end`. Rejects if the stream closes first. */
async function readUntil(end: string, stream: Readable): Promise<string> {
  let text = "";
  for await (const [chunk] of on(stream, "data", { close: ["end"] })) {
    text += chunk;
    if (text.endsWith(end)) return text.slice(0, -end.length);
  }
  throw new Error(`the process that runs the commands exited: ${text}`);
}
