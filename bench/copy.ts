import { DatabaseSync } from "node:sqlite";
import { openDB } from "../src/index.ts";
import { startPostgres } from "../test/support/postgres-server.ts";
import type { Accounts } from "./accounts.ts";
import type { Figure } from "./figure.ts";
import type { Machine } from "./machine.ts";

const users = 100_000;
const sessionsPerUser = 2;

/** Measures how many rows per second are copied from SQLite to PostgreSQL and back. */
export async function measureCopy(accounts: Accounts, machine: Machine): Promise<Figure[]> {
  const from = accounts.newDatabaseUrl("copy.db");
  await (await openDB(from)).close();
  fill(from.slice("sqlite:".length));
  await using server = await startPostgres({ durable: true });
  return [
    await measure("copy from SQLite to PostgreSQL", from, server.url, machine),
    await measure("copy from PostgreSQL to SQLite", server.url, accounts.newDatabaseUrl("copied.db"), machine),
  ];
}

async function measure(name: string, from: string, to: string, machine: Machine): Promise<Figure> {
  await using source = await openDB(from);
  await using target = await openDB(to);
  await machine.waitUntilIdle();
  const began = performance.now();
  const copied = await source.copyTo(target);
  const seconds = (performance.now() - began) / 1000;
  const rows = Object.values(copied).reduce((sum, count) => sum + count, 0);
  const details = `${rows.toLocaleString("en")} rows in ${seconds.toFixed(1)} s, including verification`;
  return { name, value: rows / seconds, unit: "rows/s", atLeast: 50_000, details };
}

/** Inserts rows of a typical size: users with a bcrypt hash and two sessions each. */
function fill(path: string): void {
  using db = new DatabaseSync(path);
  db.exec(`
    begin;
    insert into users (email, hashed_password, created_at, updated_at)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ${users})
      select 'person' || i || '@example.com', '$2b$12$' || substr(hex(randomblob(30)), 1, 53), 0, 0 from n;
    insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at, ip, user_agent, handle)
      with recursive n(i) as (select 0 union all select i + 1 from n where i < ${users * sessionsPerUser - 1})
      select substr(hex(randomblob(32)), 1, 43), i % ${users} + 1, 0, 0, 4e12, '192.0.2.1',
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
        substr(hex(randomblob(22)), 1, 43) from n;
    commit;
  `);
}
