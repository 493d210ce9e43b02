import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { suite, test } from "node:test";
import pg from "pg";
import {
  assertRecovered,
  assertRegistered,
  assertUnavailable,
  password,
  registerAndLogIn,
  registerUntilAborted,
  sendForm,
} from "../../support/outage.ts";
import { type PostgresServer, processOwner, startPostgres } from "../../support/postgres-server.ts";
import { startService } from "../../support/service.ts";

// The first test waits ten seconds while the others run.
suite("PostgreSQL faults", { concurrency: 2 }, () => {
  // id: frozen-database
  test("a PostgreSQL server that is frozen for ten seconds does not block requests for that long", async () => {
    await using server = await startPostgres();
    await using service = await startService({ DATABASE_URL: server.url });
    const cookie = await registerAndLogIn(service);
    const frozen = findProcesses(server);
    for (const pid of frozen) process.kill(pid, "SIGSTOP");
    try {
      for (const thaw = performance.now() + 10_000; performance.now() < thaw; )
        await assertUnavailable(service, cookie);
    } finally {
      for (const pid of frozen) process.kill(pid, "SIGCONT");
    }
    await assertRecovered(service, cookie);
  });

  test("the service survives a restart of PostgreSQL and loses nothing", async () => {
    await using server = await startPostgres();
    await using service = await startService({ DATABASE_URL: server.url });
    const cookie = await registerAndLogIn(service);
    const stop = new AbortController();
    const registering = registerUntilAborted(stop.signal, service, "r");
    await sendForm(service, "GET", "/health/ready");
    await server.stop();
    await assertUnavailable(service, cookie);
    await server.start();
    await assertRecovered(service, cookie);
    stop.abort();
    await assertRegistered(service, await registering);
  });

  test("a PostgreSQL server that is killed loses no acknowledged write", async () => {
    await using server = await startPostgres({ durable: true });
    await using service = await startService({ DATABASE_URL: server.url });
    const cookie = await registerAndLogIn(service);
    for (let i = 0; i < 3; i++) {
      const stop = new AbortController();
      const registering = registerUntilAborted(stop.signal, service, `k${i}x`);
      for (let count = 0; count < 20; count++) await sendForm(service, "GET", "/health/ready");
      await server.stop("SIGKILL");
      await assertUnavailable(service, cookie);
      await server.start();
      await assertRecovered(service, cookie);
      stop.abort();
      await assertRegistered(service, await registering);
    }
  });

  test("without a free connection, the service is unavailable until a connection is free", async () => {
    await using server = await startPostgres({
      configuration: { max_connections: 15, superuser_reserved_connections: 0, reserved_connections: 0 },
    });
    await using service = await startService({ DATABASE_URL: server.url });
    const cookie = await registerAndLogIn(service);
    const others: pg.Client[] = [];
    const end = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'bienvenue'";
    // Repeats this, because the service may reconnect first.
    while (others.length < 15) {
      await others[0]?.query(end);
      await exhaustConnections(server, others);
    }
    await assertUnavailable(service, cookie);
    for (const client of others) await client.end();
    await assertRecovered(service, cookie);
  });

  test("while no file can grow, writes are rejected and nothing is lost", async () => {
    await using server = await startPostgres();
    await using service = await startService({ DATABASE_URL: server.url });
    const cookie = await registerAndLogIn(service);
    const admin = new pg.Client(server.url);
    admin.on("error", () => {});
    await admin.connect();
    await admin.query(
      `insert into users (email, email_spelling, hashed_password, created_at, updated_at)
        select 'full' || i, repeat('x', 250), repeat('x', 250), 0, 0 from generate_series(1, 32000) i`,
    );
    const { rows } = await admin.query("select pg_relation_size('users') as size");
    // WAL segments of 16 MB can still be written, but the table cannot grow.
    const size = Number(rows[0].size);
    assert.ok(size > 17_000_000);
    limitFiles(server, String(size));
    const statuses = new Set<number>();
    const acknowledged: string[] = [];
    // The last page of the table has room for about sixty users.
    for (let i = 0; i < 120; i++) {
      const email = `person${i}@example.com`;
      const { status } = await sendForm(service, "POST", "/users", { email, password });
      statuses.add(status);
      if (status === 200) acknowledged.push(email);
    }
    assert.deepEqual(
      [...statuses].filter((status) => status !== 200),
      [503],
    );
    assert.equal((await sendForm(service, "GET", "/profile", undefined, cookie)).status, 200);
    limitFiles(server, "unlimited");
    await assertRecovered(service, cookie);
    assert.equal((await sendForm(service, "POST", "/users", { email: "after@example.com", password })).status, 200);
    const { rows: stored } = await admin.query("select email from users where email like 'person%'");
    assert.deepEqual(stored.map((row) => row.email).sort(), acknowledged.sort());
    await admin.end();
  });
});

/** Returns the ids of the server's process and its children. */
function findProcesses({ process: { pid } }: PostgresServer): number[] {
  const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  return [pid as number, ...children.trim().split(/\s+/).map(Number)];
}

function limitFiles(server: PostgresServer, bytes: string): void {
  for (const pid of findProcesses(server))
    execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`], processOwner);
}

/** Connects until PostgreSQL rejects a connection. */
async function exhaustConnections(server: PostgresServer, clients: pg.Client[]): Promise<void> {
  for (;;) {
    const client = new pg.Client(server.url);
    client.on("error", () => {});
    try {
      await client.connect();
      clients.push(client);
    } catch (error) {
      assert.equal((error as { code?: string }).code, "53300");
      return;
    }
  }
}
