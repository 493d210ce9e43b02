import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { openDB } from "../../../src/db/db.ts";
import { OpenError } from "../../../src/errors.ts";
import { countStatuses, email, password, registerAndLogIn, retryStart, sendForm } from "../../support/outage.ts";
import { findFreePort, type PostgresServer, processOwner, startPostgres } from "../../support/postgres-server.ts";
import { createTemporaryFolder, runProgram, startService } from "../../support/service.ts";

let server: PostgresServer;
before(async () => {
  server = await startPostgres();
});
after(() => server[Symbol.asyncDispose]());

async function query(sql: string, url = server.url): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test("if the database cannot be used, the service exits with one line that names the problem and the remedy", async () => {
  await query("create role guest login password 'guest'");
  await query("create database owned");
  // No host name can be this long, so the lookup fails immediately and without a resolver.
  const noHost = `${"x".repeat(64)}.invalid`;
  const at = `127.0.0.1:${server.port}`;
  const cases: [url: string, expected: RegExp][] = [
    [`postgres://postgres:wrong@${at}/postgres`, /the user or the password in the URL is wrong$/],
    [`postgres://nobody:wrong@${at}/postgres`, /the user or the password in the URL is wrong$/],
    [server.url.replace(/postgres$/, "missing"), /the database does not exist; create it$/],
    [
      `postgres://guest:guest@${at}/owned`,
      /this user lacks a privilege; make it the owner of the database or of the schema$/,
    ],
    [
      `postgres://postgres@127.0.0.1:${await findFreePort()}/postgres`,
      /make sure that it is running, and that host and port/,
    ],
    [`postgres://postgres@${noHost}/postgres`, /make sure that it is running, and that host and port/],
    [`${server.url}?sslmode=require`, /make sure that it is running|TLS/],
    [
      `${server.url}?sslmode=prefer`,
      /sslmode=prefer lets an attacker on the network disable TLS; use disable, require/,
    ],
    [`${server.url}?target_session_attrs=standby`, /may select a read-only server; use read-write$/],
    [`${server.url}?options=-c%20search_path%3Dmissing`, /no schema in the search_path exists/],
  ];
  const lines = cases.map(async ([url, expected]) => {
    const line = await openDB(url).then(
      () => assert.fail(url),
      (error) => (error instanceof OpenError ? error.message : assert.fail(error)),
    );
    assert.match(line, /^cannot use postgres:\/\/.*$/);
    assert.match(line, expected);
    assert.ok(!line.includes("wrong@") && !line.includes("guest@") && !line.includes("w%3Ard"), line);
    return line;
  });
  const [line] = await Promise.all(lines);
  const { code, stdout, stderr } = await runProgram({ DATABASE_URL: cases[0]?.[0] ?? assert.fail() });
  assert.deepEqual([code, stdout, stderr], [1, "", `bienvenue: ${line}\n`]);
});

test("a server older than version 14 is rejected", async () => {
  // A newer server that reports version 13.
  const url = `${server.url}?options=-c%20search_path%3Dold`;
  await query("create schema old");
  await query("create function old.current_setting(text) returns text language sql as $$ select '130022' $$");
  const preferred = url.replace("search_path%3Dold", "search_path%3Dold,pg_catalog");
  await assert.rejects(
    openDB(preferred),
    (error) =>
      error instanceof OpenError && /PostgreSQL 13 is too old; version 14 or later is required/.test(error.message),
  );
});

test("a working server is found even if an earlier host in the URL does not respond", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as { port: number };
  const url = server.url.replace("@127.0.0.1", `@127.0.0.1:${port},127.0.0.1`);
  await using db = await retryStart(() => openDB(url));
  assert.equal(typeof (await db.users.isEmpty()), "boolean");
  silent.close();
});

test("neither the log nor an error contains the password of the URL", async () => {
  await using service = await startService({ DATABASE_URL: server.url });
  await sendForm(service, "GET", "/health/ready");
  await service.stop("SIGTERM");
  const text = JSON.stringify(service.logEntries);
  assert.ok(text.includes("postgres://postgres:…@127.0.0.1"));
  for (const secret of ["p@ss", "p%40ss", "w:rd", "w%3Ard"]) assert.ok(!text.includes(secret));
});

test("TLS follows sslmode, and another server's certificate is rejected", async () => {
  await using folder = await createTemporaryFolder();
  const [key, certificate] = [join(folder.path, "server.key"), join(folder.path, "server.crt")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, ...subject],
    { stdio: "ignore" },
  );
  await chmod(folder.path, 0o755);
  await chmod(key, 0o600);
  if (processOwner.uid)
    for (const path of [key, certificate]) await chown(path, processOwner.uid, processOwner.gid ?? 0);
  const configuration = { ssl: "on", ssl_key_file: key, ssl_cert_file: certificate };
  await using secure = await startPostgres({ configuration });
  const encrypted = async (parameters: string) => {
    await using db = await openDB(`${secure.url}?${parameters}`);
    await db.users.isEmpty();
    const rows = await query(
      "select bool_and(ssl) as ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'bienvenue'",
      secure.url,
    );
    return rows[0]?.ssl;
  };
  assert.equal(await encrypted("sslmode=disable"), false);
  assert.equal(await encrypted("sslmode=require"), true);
  assert.equal(await encrypted(`sslmode=verify-full&sslrootcert=${certificate}`), true);
  await assert.rejects(encrypted("sslmode=verify-full"), OpenError);
});

test("everything works behind pgbouncer in transaction mode, including prepared statements", {
  skip: !hasPgbouncer() && "pgbouncer is not installed",
}, async () => {
  await using folder = await createTemporaryFolder();
  await chmod(folder.path, 0o755);
  const port = await findFreePort();
  const { username, password: secret } = new URL(server.url);
  const target = `host=127.0.0.1 port=${server.port} user=${username} password='${decodeURIComponent(secret)}'`;
  await writeFile(join(folder.path, "users.txt"), `"${username}" ""\n`);
  const settings = [
    `[databases]\npostgres = ${target}`,
    "[pgbouncer]",
    `listen_port = ${port}`,
    "listen_addr = 127.0.0.1",
  ];
  settings.push(
    "unix_socket_dir =",
    "pool_mode = transaction",
    "auth_type = any",
    "default_pool_size = 4",
    "max_client_conn = 200",
  );
  await writeFile(join(folder.path, "pgbouncer.ini"), `${settings.join("\n")}\n`);
  const bouncer = spawn("pgbouncer", [join(folder.path, "pgbouncer.ini")], { ...processOwner, stdio: "ignore" });
  try {
    const DATABASE_URL = `postgres://${username}@127.0.0.1:${port}/postgres`;
    // Migrations use the direct URL, the service uses the pooler.
    await (await openDB(server.url)).close();
    while (!(await query("select 1", DATABASE_URL).catch(() => undefined))) await sleep(20);
    await using one = await startService({ DATABASE_URL, AUTO_MIGRATE: "off" });
    await using two = await startService({ DATABASE_URL, AUTO_MIGRATE: "off" });
    const cookie = await registerAndLogIn(one);
    const statuses = await countStatuses([one, two], 300, (node) =>
      sendForm(node, "GET", "/profile", undefined, cookie),
    );
    assert.deepEqual(statuses, { 200: 300 });
    const { reset_token } = (await (await sendForm(two, "POST", "/reset_password", { email })).json()) as {
      reset_token: string;
    };
    const reset = { email, reset_token, new_password: `${password}!` };
    assert.equal((await sendForm(one, "PUT", "/reset_password", reset)).status, 200);
    assert.equal((await sendForm(two, "GET", "/profile", undefined, cookie)).status, 403);
  } finally {
    bouncer.kill("SIGKILL");
  }
});

function hasPgbouncer(): boolean {
  try {
    execFileSync("pgbouncer", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
