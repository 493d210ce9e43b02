import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test as testOnce } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { runCommand } from "../support/commands.ts";
import { createEmptyDatabase, type TestDatabase } from "../support/databases.ts";
import { getCurrentEngine, test } from "../support/engines.ts";
import { createTemporaryFolder, launchService, runProgram, startService } from "../support/service.ts";
import { productionEnvironment } from "../support/world.ts";

const isRoot = process.getuid?.() === 0;
/** Without capabilities, file modes and privileged ports restrict even root. */
const withoutCapabilities = isRoot ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];

test("a service that cannot listen closes the database, prints the reason in one line, and exits with 1", async () => {
  await using database = await createEmptyDatabase(getCurrentEngine());
  await using portHolder = createServer().listen(0, "0.0.0.0");
  await once(portHolder, "listening");
  const { port } = portHolder.address() as AddressInfo;
  const privileged = 1 + Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
  for (const [environment, expected] of [
    [{ PORT: String(port) }, /^bienvenue: port \d+ is in use .*; choose another one, such as PORT=5001\n$/],
    [{ HOST: "192.0.2.99" }, /^bienvenue: HOST=192\.0\.2\.99 is not an address of this machine; .*\n$/],
    [{ HOST: "2001:db8::99" }, /^bienvenue: HOST=2001:db8::99 is not an address of this machine; .*\n$/],
    [{ HOST: "fe80::1%nowhere0" }, /^bienvenue: HOST=fe80::1%nowhere0 is not an address of this machine; .*\n$/],
    [
      { HOST: "fe80::1" },
      /^bienvenue: HOST=fe80::1 (needs a network interface, such as HOST=fe80::1%eth0|is not an address .*)\n$/,
    ],
    [{ HOST: `${"x".repeat(64)}.invalid` }, /^bienvenue: HOST=x+\.invalid is not an address of this machine; .*\n$/],
    ...(privileged > 443
      ? [[{ PORT: "443" }, /^bienvenue: this user cannot listen on port 443; .*PORT=5000\n$/] as const]
      : []),
  ] as const) {
    const { code, stdout, stderr } = await runProgram({ DATABASE_URL: database.url, ...environment }, [], {
      wrapper: withoutCapabilities,
    });
    // A killed process has no exit code.
    assert.equal(code, 1, stderr);
    assert.match(stderr, expected);
    assert.doesNotMatch(stdout, /"listening"/);
  }
  // Closing the database deletes SQLite's -wal and -shm files.
  if (getCurrentEngine() === "sqlite")
    assert.deepEqual(readdirSync(join(database.url.slice("sqlite:".length), "..")), ["bienvenue.db"]);
});

test("an inaccessible database is not reported as a problem with the port", async () => {
  await using folder = await createTemporaryFolder();
  chmodSync(folder.path, 0o755);
  for (const args of [[], ["migrate"], ["users", "list"], ["backup", "/nowhere/at/all"]]) {
    const DATABASE_URL =
      getCurrentEngine() === "sqlite"
        ? `sqlite:${join(folder.path, "new.db")}`
        : "postgres://%2Froot%2Fnowhere/name?sslrootcert=/root/x";
    const { code, stderr } = await runProgram({ DATABASE_URL, PORT: "5000" }, args, {
      wrapper: createUnprivilegedWrapper(),
    });
    assert.equal(code, 1);
    assert.match(stderr, /^bienvenue: .+\n$/);
    assert.doesNotMatch(stderr, /port|5000|^ +at /m);
  }
});

/** Returns the command that runs the service as a user who owns no files. */
function createUnprivilegedWrapper(): string[] {
  return isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
}

/** Holds the lock that a node holds while it migrates the database. */
async function holdMigrationLock(database: TestDatabase): Promise<AsyncDisposable> {
  if (getCurrentEngine() === "sqlite") {
    const db = new DatabaseSync(database.url.slice("sqlite:".length));
    db.exec("pragma journal_mode = wal; begin immediate");
    return { [Symbol.asyncDispose]: async () => db.close() };
  }
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query("select pg_advisory_lock(8230512600714)");
  return { [Symbol.asyncDispose]: () => client.end() };
}

// Concurrent, because these tests mostly wait.
describe("while another node migrates", { concurrency: 4 }, () => {
  test("a node that waits for another node's migration logs it, and starts when the migration is complete", async () => {
    await using database = await createEmptyDatabase(getCurrentEngine());
    let starting: ReturnType<typeof launchService>;
    {
      await using _ = await holdMigrationLock(database);
      starting = launchService({ DATABASE_URL: database.url });
      const { level, msg } = await starting.waitForEvent("migration_waiting");
      assert.deepEqual([level, msg], ["warn", "waiting for another node to migrate the database"]);
      // Longer than any other wait for the database.
      await sleep(2500);
      assert.deepEqual(
        starting.logEntries.map(({ event }) => event),
        ["migration_waiting"],
      );
    }
    await using service = starting;
    await service.waitForEvent("listening");
    service.process.kill("SIGTERM");
    assert.equal(await service.exited, 0);
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`${signal} stops a node that waits for a migration, with exit code 0`, async () => {
      await using database = await createEmptyDatabase(getCurrentEngine());
      await using _ = await holdMigrationLock(database);
      await using starting = launchService({ DATABASE_URL: database.url });
      await starting.waitForEvent("migration_waiting");
      starting.process.kill(signal);
      assert.equal(await starting.exited, 0);
      assert.deepEqual(
        starting.logEntries.map(({ event }) => event),
        ["migration_waiting", "stopping", "stopped"],
      );
    });
  }

  const isolated = ["unshare", "--map-root-user", "--pid", "--fork", "--kill-child"];
  const skipReason =
    spawnSync("unshare", [...isolated.slice(1), "true"]).status !== 0 && "this user cannot create a process with id 1";

  test("a waiting node that is process 1 of a container stops on a signal", { skip: skipReason }, async () => {
    await using database = await createEmptyDatabase(getCurrentEngine());
    await using _ = await holdMigrationLock(database);
    await using starting = launchService({ DATABASE_URL: database.url }, { wrapper: isolated });
    await starting.waitForEvent("migration_waiting");
    const { pid } = starting.process;
    const [child = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    process.kill(Number(child), "SIGTERM");
    assert.equal(await starting.exited, 0);
  });
});

testOnce("a signal while the program loads stops the service with exit code 0", async () => {
  for (const file of ["cli/cli.ts", "src/main.ts"]) {
    const hook = `import { registerHooks } from "node:module";
      registerHooks({
        load(url, context, next) {
          if (url.endsWith("/${file}")) process.kill(process.pid, "SIGTERM");
          return next(url, context);
        },
      });`;
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hook)}`;
    await using starting = launchService({ NODE_OPTIONS });
    assert.equal(await starting.exited, 0);
    assert.equal(starting.logEntries.at(-1)?.event, "stopped");
  }
});

test("the creation of a database is logged once: as info in development, as a warning in production", async () => {
  await using database = await createEmptyDatabase(getCurrentEngine());
  const logCreation = async (environment: Record<string, string>) => {
    await using service = await startService({ DATABASE_URL: database.url, ...environment });
    await service.stop("SIGTERM");
    return service.logEntries.filter(({ event }) => event === "database_created");
  };
  const [created, ...more] = await logCreation({});
  assert.deepEqual(more, []);
  assert.equal(created?.level, "info");
  assert.match(String(created?.msg), /^created a new, empty database; .* DATABASE_URL$/);
  assert.deepEqual(await logCreation({}), []);
  await using another = await createEmptyDatabase(getCurrentEngine());
  const [warned] = await logCreation({
    ...(productionEnvironment as Record<string, string>),
    DATABASE_URL: another.url,
  });
  assert.equal(warned?.level, "warn");
  if (getCurrentEngine() === "sqlite") assert.equal(warned?.file, another.url.slice("sqlite:".length));
  else assert.match(String(warned?.database), /^postgres:\/\/[^?]+\?options=…$/);
});

testOnce("a database in memory is not logged as created, and is a weak setting in production", async () => {
  await using service = await startService({});
  await using production = await startService(productionEnvironment as Record<string, string>);
  for (const each of [service, production]) assert.equal(await each.stop("SIGTERM"), 0);
  const events = ({ logEntries }: typeof service) => logEntries.map(({ event, DATABASE_URL }) => [event, DATABASE_URL]);
  assert.ok(![...events(service), ...events(production)].some(([event]) => event === "database_created"));
  assert.ok(!events(service).some(([, url]) => url));
  assert.ok(events(production).some(([event, url]) => event === "weak_setting" && url === "sqlite::memory:"));
});

testOnce("a rejected DATABASE_URL creates no file", async () => {
  await using folder = await createTemporaryFolder();
  for (const path of [
    "x.db\n",
    "x.db-wal",
    ".",
    "~/x.db",
    "//x.db",
    "x.db?mode=rwc",
    "x.db#y",
    "file:x.db",
    "'x.db'",
    "x.db ",
    "$DATA.db",
    "x%20y.db",
  ]) {
    const { code, stderr } = await runCommand([], { DATABASE_URL: `sqlite:${path}` }, folder.path);
    assert.equal(code, 1, path);
    assert.match(stderr, /^bienvenue: invalid settings:\n {2}DATABASE_URL=…: must be .+; .+\n$/);
  }
  assert.deepEqual(readdirSync(folder.path), []);
  await using service = await startService(
    { DATABASE_URL: "sqlite:./a b.db" },
    { wrapper: ["env", `--chdir=${folder.path}`] },
  );
  assert.equal(await service.stop("SIGTERM"), 0);
  assert.deepEqual(readdirSync(folder.path), ["a b.db"]);
});
