import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { on } from "node:events";
import { tmpdir } from "node:os";
import type { Readable } from "node:stream";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import type { Order } from "./command-host.ts";
import { type Exit, failToStart, standardEnvironment } from "./service.ts";

/** How long a command may take, in milliseconds. */
const commandTimeout = 20_000;

const seen = new Set<string>();
/** By what they run under. */
const hosts = new Map<string, ChildProcess>();
let last: Promise<unknown> = Promise.resolve();

after(() => {
  for (const host of hosts.values()) if (host.connected) host.disconnect();
});

/**
 * Runs a command of the program to its end: the first of each command as people do, as a process of its own, and later ones
 * one after the other in a single process, since loading the program takes far longer than most commands. It must need no
 * input of its own, and not end standard output, as an `export` to it does. Without arguments it is the service, with wrong
 * settings.
 *
 * @param folder where it runs
 * @param under a command that gives the process other rights
 */
export function runCommand(
  args: readonly string[],
  environment: Record<string, string> = {},
  folder = process.cwd(),
  under: readonly string[] = [],
): Promise<Exit & { stdout: string }> {
  const [name = ""] = args;
  if (!seen.has(name)) {
    seen.add(name);
    return failToStart(environment, [...args], { under: [...under, "sh", "-c", 'cd "$0" && exec "$@"', folder] });
  }
  const running = last.then(() => runInHost(under, args, { ...standardEnvironment(), ...environment }, folder));
  last = running.catch(() => {});
  return running;
}

async function runInHost(
  under: readonly string[],
  args: readonly string[],
  environment: Record<string, string>,
  folder: string,
): Promise<Exit & { stdout: string }> {
  const key = under.join(" ");
  const running = hosts.get(key);
  const child = running?.connected ? running : startHost(under);
  hosts.set(key, child);
  const order: Order = { args, environment, folder, end: randomUUID() };
  const printed = [child.stdout, child.stderr].map((stream) => readUntil(order.end, stream as Readable));
  const tooLong = setTimeout(() => child.kill("SIGKILL"), commandTimeout);
  child.send(order);
  const [stdout = "", stderr = ""] = await Promise.all(printed).finally(() => clearTimeout(tooLong));
  const [, said = "", code] = /^(.*) code (\d+)$/s.exec(stderr) ?? [];
  return { code: Number(code), stdout, stderr: said };
}

function startHost(under: readonly string[]): ChildProcess {
  const [command = "", ...rest] = [
    ...under,
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

/** What a stream says before these words; rejects if it ends without them. */
async function readUntil(end: string, stream: Readable): Promise<string> {
  let text = "";
  for await (const [chunk] of on(stream, "data", { close: ["end"] })) {
    text += chunk;
    if (text.endsWith(end)) return text.slice(0, -end.length);
  }
  throw new Error(`the process of the commands ended: ${text}`);
}
