import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { on } from "node:events";
import { tmpdir } from "node:os";
import type { Readable } from "node:stream";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import type { Order } from "./command-host.ts";
import { type Failed, failToStart, standardEnvironment } from "./service.ts";

/** How long a command may take, in milliseconds. */
const longest = 20_000;

const seen = new Set<string>();
let host: ChildProcess | undefined;
let last: Promise<unknown> = Promise.resolve();

after(() => {
  if (host?.connected) host.disconnect();
});

/**
 * Runs a command of the program to its end: the first of each command as people do, as a process of its own, and later ones
 * one after the other in a single process, since loading the program takes far longer than most commands. It must need no
 * rights or input of its own, and not end standard output, as an `export` to it does. Without arguments it is the service, with
 * wrong settings.
 *
 * @param folder where it runs
 */
export function commandOfMany(
  args: readonly string[],
  environment: Record<string, string> = {},
  folder = process.cwd(),
): Promise<Failed & { stdout: string }> {
  const [name = ""] = args;
  if (!seen.has(name)) {
    seen.add(name);
    return failToStart(environment, [...args], { under: ["sh", "-c", 'cd "$0" && exec "$@"', folder] });
  }
  const running = last.then(() => runInHost(args, { ...standardEnvironment(), ...environment }, folder));
  last = running.catch(() => {});
  return running;
}

async function runInHost(
  args: readonly string[],
  environment: Record<string, string>,
  folder: string,
): Promise<Failed & { stdout: string }> {
  if (!host?.connected) host = startHost();
  const child = host;
  const order: Order = { args, environment, folder, end: randomUUID() };
  const printed = [child.stdout, child.stderr].map((stream) => readUntil(order.end, stream as Readable));
  const tooLong = setTimeout(() => child.kill("SIGKILL"), longest);
  child.send(order);
  const [stdout = "", stderr = ""] = await Promise.all(printed).finally(() => clearTimeout(tooLong));
  const [, said = "", code] = /^(.*) code (\d+)$/s.exec(stderr) ?? [];
  return { code: Number(code), stdout, stderr: said };
}

function startHost(): ChildProcess {
  const child = fork(fileURLToPath(new URL("./command-host.ts", import.meta.url)), {
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
