import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { type DB, openDB } from "../src/index.ts";
import { startPostgres } from "../test/support/postgres-server.ts";
import { temporaryFolder } from "../test/support/service.ts";
import { median } from "./figure.ts";

/**
 * How lookups, writes and bytes grow with the number of sessions, two to a user:
 * `npm run bench:growth -- 10000 100000 1000000 10000000`. The rows are made by the database itself.
 */
const sizes = process.argv.slice(2).map(Number);
const probes = 2000;

/** A database that is to grow. */
interface Grown {
  readonly url: string;
  /** Makes so many users and sessions. */
  fill(users: number, sessions: number): Promise<void>;
  /** The bytes that each table takes, its indexes included. */
  bytes(): Promise<{ users: number; sessions: number }>;
}

const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";

function inFile(path: string): Grown {
  const run = (sql: string) => {
    using db = new DatabaseSync(path);
    db.exec(sql);
  };
  return {
    url: `sqlite:${path}`,
    async fill(users, sessions) {
      const counted = (count: number) =>
        `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})`;
      run(`pragma synchronous = off; pragma temp_store = file;
        insert into users (email, hashed_password, created_at, updated_at)
          ${counted(users)} select 'person' || i || '@example.com', '$2b$12$' || hex(randomblob(26)), 0, 0 from n;
        insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at, ip, user_agent, handle)
          ${counted(sessions)} select substr(hex(randomblob(22)), 1, 43), i % ${users} + 1, 4e12, 4e12, 5e12, '192.0.2.1',
            '${agent}', substr(hex(randomblob(22)), 1, 43) from n order by 1;
        pragma wal_checkpoint(truncate); analyze`);
    },
    async bytes() {
      using db = new DatabaseSync(path);
      const pages = "select coalesce(sum(pgsize), 0) as bytes from dbstat where name glob ?";
      const of = (table: string) => Number(db.prepare(pages).get(`*${table}*`)?.bytes);
      return { users: of("users"), sessions: of("sessions") };
    },
  };
}

function inPostgres(url: string): Grown {
  const run = async (sql: string) => {
    const client = new pg.Client(url);
    await client.connect();
    const { rows } = await client.query(sql);
    await client.end();
    return rows;
  };
  return {
    url,
    async fill(users, sessions) {
      await run(`insert into users (email, hashed_password, created_at, updated_at)
        select 'person' || i || '@example.com', '$2b$12$' || md5(i::text) || substr(md5((-i)::text), 1, 21), 0, 0
        from generate_series(1, ${users}) i`);
      await run(`insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at, ip, user_agent, handle)
        select md5(i::text) || substr(md5((-i)::text), 1, 11), i % ${users} + 1, 4e12, 4e12, 5e12, '192.0.2.1', '${agent}',
          substr(md5('handle' || i) || md5(i::text), 1, 43)
        from generate_series(1, ${sessions}) i order by 1`);
      await run("vacuum analyze");
      await run("checkpoint");
    },
    async bytes() {
      const [row] = await run(
        "select pg_total_relation_size('users')::float8 as users, pg_total_relation_size('sessions')::float8 as sessions",
      );
      return row;
    },
  };
}

async function measure(engine: string, grown: Grown, sessions: number): Promise<void> {
  const users = sessions / 2;
  const now = () => 4e12 + 1;
  await (await openDB(grown.url)).close();
  await grown.fill(users, sessions);
  const bytes = await grown.bytes();
  await using db = await openDB(grown.url, { clock: now });
  const known: string[] = [];
  const writes: number[] = [];
  for (let i = 0; i < probes; i++) {
    const sessionId = randomUUID();
    const began = performance.now();
    await db.sessions.open({ userId: Math.ceil(Math.random() * users), sessionId });
    writes.push(performance.now() - began);
    known.push(sessionId);
  }
  for (let round = 0; round < 3; round++) await lookUpAll(db, known);
  const lookups = await lookUpAll(db, known);
  const row = [
    engine.padEnd(10),
    sessions.toLocaleString("en").padStart(12),
    `${(median(lookups) * 1000).toFixed(0)} µs`.padStart(9),
    `${median(writes).toFixed(2)} ms`.padStart(9),
    `${(bytes.users / users).toFixed(0)} B`.padStart(8),
    `${(bytes.sessions / sessions).toFixed(0)} B`.padStart(10),
  ];
  console.log(row.join("  "));
}

async function lookUpAll(db: DB, sessionIds: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const sessionId of sessionIds.toSorted(() => Math.random() - 0.5)) {
    const began = performance.now();
    if (!(await db.sessions.find(sessionId))) throw new Error("a session was not found");
    times.push(performance.now() - began);
  }
  return times;
}

console.log("engine          sessions     lookup      login   a user   a session");
for (const sessions of sizes.length > 0 ? sizes : [10_000, 100_000, 1_000_000]) {
  await using folder = await temporaryFolder();
  await measure("SQLite", inFile(`${folder.path}/grown.db`), sessions);
  await using server = await startPostgres({
    durable: true,
    configuration: { shared_buffers: "512MB", max_wal_size: "4GB" },
  });
  await measure("PostgreSQL", inPostgres(server.url), sessions);
}
