import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { openDB } from "../../../src/db/db.ts";
import {
  assertRecovered,
  assertRegistered,
  registerAndLogIn,
  registerUntilAborted,
  retryStart,
  sendForm,
} from "../../support/outage.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres-server.ts";
import { startService } from "../../support/service.ts";

/** Starts a primary and a synchronous standby. */
async function startPair(): Promise<[PostgresServer, PostgresServer]> {
  const primary = await startPostgres({ durable: true, configuration: { synchronous_standby_names: "*" } });
  await primary.stop();
  const { port, username, password } = new URL(primary.url);
  const standby = await startPostgres({
    durable: true,
    configuration: {
      // The standby starts before the primary, and would retry only after five seconds.
      wal_retrieve_retry_interval: "50ms",
      primary_conninfo: `host=127.0.0.1 port=${port} user=${username} password='${decodeURIComponent(password)}'`,
    },
    standbyOf: primary,
  });
  await primary.start();
  return [primary, standby];
}

async function query(server: PostgresServer, sql: string) {
  const client = new pg.Client(server.url);
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows[0];
}

test("when the primary dies and its standby is promoted, the service uses the standby, and no acknowledged write is lost", async () => {
  const [primary, standby] = await startPair();
  await using _ = primary;
  await using __ = standby;
  const hosts = `127.0.0.1:${standby.port},127.0.0.1:${primary.port}`;
  const url = primary.url.replace(`127.0.0.1:${primary.port}`, hosts);
  await using service = await retryStart(() =>
    startService({ DATABASE_URL: `${url}?target_session_attrs=read-write` }),
  );
  const cookie = await registerAndLogIn(service);
  const stop = new AbortController();
  const registering = registerUntilAborted(stop.signal, service, "f");
  for (let i = 0; i < 20; i++) await sendForm(service, "GET", "/health/ready");
  await primary.stop("SIGKILL");
  await query(standby, "select pg_promote()");
  await assertRecovered(service, cookie);
  stop.abort();
  await assertRegistered(service, await registering);
});

test("a standby without a primary is rejected at startup, and the error names the remedy", async () => {
  const [primary, standby] = await startPair();
  await using _ = primary;
  await using __ = standby;
  await (await openDB(primary.url)).close();
  const caughtUp = async () => (await query(standby, "select to_regclass('users') as users")).users !== null;
  while (!(await caughtUp()));
  await assert.rejects(openDB(standby.url), /standby; use the primary, or list all hosts/);
});
