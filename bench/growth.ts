import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { type DB, openDB } from "../src/index.ts";
import { startPostgres } from "../test/support/postgres-server.ts";
import { createTemporaryFolder } from "../test/support/service.ts";
import { median } from "./figure.ts";

// Measures how lookups, logins and bytes per row grow with the number of sessions, with two sessions per user:
// `npm run bench:growth -- 10000 100000 1000000 10000000`. SQL statements generate the rows.

const sizes = process.argv.slice(2).map(Number);
const probes = 2000;

interface TestDatabase {
  readonly url: string;
  /** Inserts this number of users and sessions. */
  fill(users: number, sessions: number): Promise<void>;
  /** Returns the size of each table in bytes, including its indexes. */
  measureBytes(): Promise<{ users: number; sessions: number }>;
}

const userAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";

function openSqlite(path: string): TestDatabase {
  const execute = (sql: string) => {
    using db = new DatabaseSync(path);
    db.exec(sql);
  };
  return {
    url: `sqlite:${path}`,
    async fill(users, sessions) {
      const numbersTo = (count: number) =>
        `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})`;
      execute(`pragma synchronous = off; pragma temp_store = file;
        insert into users (email, hashed_password, created_at, updated_at)
          ${numbersTo(users)} select 'person' || i || '@example.com', '$2b$12$' || hex(randomblob(26)), 0, 0 from n;
        insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at, ip, user_agent, handle)
          ${numbersTo(sessions)} select substr(hex(randomblob(22)), 1, 43), i % ${users} + 1, 4e12, 4e12, 5e12, '192.0.2.1',
            '${userAgent}', substr(hex(randomblob(22)), 1, 43) from n order by 1;
        pragma wal_checkpoint(truncate); analyze`);
    },
    async measureBytes() {
      using db = new DatabaseSync(path);
      const sizeQuery = "select coalesce(sum(pgsize), 0) as bytes from dbstat where name glob ?";
      const sizeOf = (table: string) => Number(db.prepare(sizeQuery).get(`*${table}*`)?.bytes);
      return { users: sizeOf("users"), sessions: sizeOf("sessions") };
    },
  };
}

function openPostgres(url: string): TestDatabase {
  const execute = async (sql: string) => {
    const client = new pg.Client(url);
    await client.connect();
    const { rows } = await client.query(sql);
    await client.end();
    return rows;
  };
  return {
    url,
    async fill(users, sessions) {
      await execute(`insert into users (email, hashed_password, created_at, updated_at)
        select 'person' || i || '@example.com', '$2b$12$' || md5(i::text) || substr(md5((-i)::text), 1, 21), 0, 0
        from generate_series(1, ${users}) i`);
      await execute(`insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at, ip, user_agent, handle)
        select md5(i::text) || substr(md5((-i)::text), 1, 11), i % ${users} + 1, 4e12, 4e12, 5e12, '192.0.2.1', '${userAgent}',
          substr(md5('handle' || i) || md5(i::text), 1, 43)
        from generate_series(1, ${sessions}) i order by 1`);
      await execute("vacuum analyze");
      await execute("checkpoint");
    },
    async measureBytes() {
      const [row] = await execute(
        "select pg_total_relation_size('users')::float8 as users, pg_total_relation_size('sessions')::float8 as sessions",
      );
      return row;
    },
  };
}

async function measure(engine: string, database: TestDatabase, sessions: number): Promise<void> {
  const users = sessions / 2;
  const clock = () => 4e12 + 1;
  await (await openDB(database.url)).close();
  await database.fill(users, sessions);
  const bytes = await database.measureBytes();
  await using db = await openDB(database.url, { clock });
  const sessionIds: string[] = [];
  const writes: number[] = [];
  for (let i = 0; i < probes; i++) {
    const sessionId = randomUUID();
    const began = performance.now();
    await db.sessions.open({ userId: Math.ceil(Math.random() * users), sessionId });
    writes.push(performance.now() - began);
    sessionIds.push(sessionId);
  }
  for (let round = 0; round < 3; round++) await timeLookups(db, sessionIds);
  const lookups = await timeLookups(db, sessionIds);
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

async function timeLookups(db: DB, sessionIds: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const sessionId of sessionIds.toSorted(() => Math.random() - 0.5)) {
    const began = performance.now();
    if (!(await db.sessions.find(sessionId))) throw new Error("a session was not found");
    times.push(performance.now() - began);
  }
  return times;
}

console.log("engine          sessions     lookup      login     user     session");
for (const sessions of sizes.length > 0 ? sizes : [10_000, 100_000, 1_000_000]) {
  await using folder = await createTemporaryFolder();
  await measure("SQLite", openSqlite(`${folder.path}/grown.db`), sessions);
  await using server = await startPostgres({
    durable: true,
    configuration: { shared_buffers: "512MB", max_wal_size: "4GB" },
  });
  await measure("PostgreSQL", openPostgres(server.url), sessions);
}
