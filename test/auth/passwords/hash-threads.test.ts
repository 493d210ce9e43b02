import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { availableParallelism, getPriority } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { HashReport } from "../../support/hash-process.ts";

const cost = 11;
const isLinux = process.platform === "linux";
const isInstalled = (program: string) => spawnSync(program, ["--version"]).status === 0;
/** The nice value of threads in the normal class: two more than that of the process. */
const normalNiceness = getPriority() + 2;
/** A thread without privileges cannot raise its priority again. */
const unprivileged = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
/** Runs a program in a new PID namespace, with the /proc of the outer one. */
const unshared = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"];
const canUnshare = spawnSync(unshared[0] as string, [...unshared.slice(1), "true"], unprivileged).status === 0;

/** A separate process without privileges that hashes. */
class Hasher implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  static async start(cost: number, under: readonly string[] = []): Promise<Hasher> {
    const file = fileURLToPath(new URL("../../support/hash-process.ts", import.meta.url));
    const [command = "", ...args] = [...under, process.execPath, file, String(cost)];
    const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"], ...unprivileged });
    await once(child, "message");
    return new Hasher(child);
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  async hash(what = "hash"): Promise<HashReport> {
    const answered = once(this.#process, "message");
    this.#process.send(what);
    const [hashed] = await answered;
    return hashed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }
}

/** A separate process that computes hashes all the time. */
class OtherHasher implements AsyncDisposable {
  readonly #process: ChildProcess;

  constructor(under: readonly string[] = []) {
    const program = `
      const bcrypt = require("bcrypt");
      for (;;) { bcrypt.hashSync("b4l0u", ${cost}); require("node:fs").writeSync(1, "."); }`;
    const [command = "", ...args] = [...under, process.execPath, "-e", program];
    const cwd = fileURLToPath(new URL("../../..", import.meta.url));
    this.#process = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], cwd });
  }

  /** Resolves when the process has computed this many more hashes. */
  async hashes(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let done = 0;
    const add = (dots: Buffer) => {
      done += dots.length;
      if (done >= count) resolve();
    };
    this.#process.stdout?.on("data", add);
    await promise;
    this.#process.stdout?.off("data", add);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }
}

/** Starts programs that keep every core busy. */
function keepCoresBusy(): AsyncDisposableStack {
  const busy = new AsyncDisposableStack();
  for (let i = 0; i < 2 * availableParallelism(); i++) {
    const loop = spawn("sh", ["-c", "while :; do :; done"], { stdio: "ignore" });
    busy.defer(() => void loop.kill("SIGKILL"));
  }
  return busy;
}

test("while other programs keep every core busy, a hash takes the time of a few of their hashes", {
  skip: !isLinux && "scheduling of Linux",
}, async () => {
  await using hasher = await Hasher.start(cost);
  const { threads: before } = await hasher.hash();
  await using busy = keepCoresBusy();
  const other = busy.use(new OtherHasher());
  await other.hashes(1);
  // Next to the other programs, the idle class gets 1/300 of a core.
  for (let i = 0; i < 3; i++) {
    const hashed = await Promise.race([hasher.hash(), other.hashes(25).then(() => undefined)]);
    assert.ok(hashed, `hash ${i} takes longer than 25 of another program`);
    assert.match(hashed.outcome, /^\$2b\$/);
    if (before.some(({ niceness }) => niceness > normalNiceness)) {
      assert.ok(
        hashed.threads.some(({ niceness, isIdle }) => niceness === normalNiceness && !isIdle),
        JSON.stringify(hashed.threads),
      );
    }
  }
});

test("a hash waits for requests that get less CPU time than they need", {
  skip: !isLinux && "scheduling of Linux",
}, async () => {
  await using hasher = await Hasher.start(14);
  const { threads: before } = await hasher.hash();
  if (!before.some(({ isIdle }) => isIdle) || before.some(({ niceness }) => niceness === normalNiceness)) return;
  await using _ = keepCoresBusy();
  const { threads } = await hasher.hash("hash behind requests");
  assert.ok(!threads.some(({ niceness }) => niceness === normalNiceness), JSON.stringify(threads));
});

test("with one core, no thread is in the idle class or has the priority of that class", {
  skip: !(isLinux && isInstalled("taskset")) && "needs taskset of Linux",
}, async () => {
  const [, core = ""] = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  const onOneCore = ["taskset", "--cpu-list", core];
  await using hasher = await Hasher.start(cost, onOneCore);
  await using other = new OtherHasher(onOneCore);
  await other.hashes(1);
  const hashed = await Promise.race([hasher.hash(), other.hashes(25).then(() => undefined)]);
  assert.ok(hashed, "a hash takes longer than 25 of another program");
  assert.match(hashed.outcome, /^\$2b\$/);
  for (const { niceness, isIdle } of hashed.threads)
    assert.ok(niceness <= normalNiceness && !isIdle, JSON.stringify(hashed.threads));
});

test("a thread hashes although its id in /proc is that of another PID namespace", {
  skip: !(isLinux && canUnshare) && "needs namespaces of Linux",
}, async () => {
  await using hasher = await Hasher.start(4, unshared);
  assert.match((await hasher.hash()).outcome, /^\$2b\$/);
});

test("hashing fails with busy while no thread can be started, and works afterwards", {
  skip: !(isLinux && isInstalled("prlimit")) && "needs prlimit of Linux",
}, async () => {
  await using hasher = await Hasher.start(4);
  const limitThreads = (limit: string) => {
    const { status, stderr } = spawnSync("prlimit", ["--pid", String(hasher.pid), `--nproc=${limit}:`], {
      ...unprivileged,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
  };
  limitThreads("1");
  for (let i = 0; i < 3 * availableParallelism(); i++) assert.equal((await hasher.hash()).outcome, "busy");
  limitThreads("4096");
  assert.match((await hasher.hash()).outcome, /^\$2b\$/);
});
