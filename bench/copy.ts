import { DatabaseSync } from "node:sqlite";
import { openDB } from "../src/index.ts";
import { startPostgres } from "../test/support/postgres-server.ts";
import type { Accounts } from "./accounts.ts";
import type { Figure } from "./figure.ts";
import type { Quiet } from "./quiet.ts";

const users = 100_000;
const sessionsEach = 2;

/** Moving house: how many rows a second go from the embedded database to PostgreSQL, and back. */
export async function measureCopy(accounts: Accounts, quiet: Quiet): Promise<Figure[]> {
  const from = accounts.fresh("copy.db");
  await (await openDB(from)).close();
  fill(from.slice("sqlite:".length));
  await using server = await startPostgres({ durable: true });
  return [
    await time("copy from SQLite to PostgreSQL", from, server.url, quiet),
    await time("copy from PostgreSQL to SQLite", server.url, accounts.fresh("copied.db"), quiet),
  ];
}

async function time(name: string, from: string, to: string, quiet: Quiet): Promise<Figure> {
  await using source = await openDB(from);
  await using target = await openDB(to);
  await quiet.wait();
  const began = performance.now();
  const copied = await source.copyTo(target);
  const seconds = (performance.now() - began) / 1000;
  const rows = Object.values(copied).reduce((sum, count) => sum + count, 0);
  const told = `${rows.toLocaleString("en")} rows in ${seconds.toFixed(1)} s, counted and compared`;
  return { name, value: rows / seconds, unit: "rows/s", atLeast: 50_000, from: told };
}

/** Rows of everyday size: a bcrypt hash a user, and two devices. */
function fill(path: string): void {
  using db = new DatabaseSync(path);
  db.exec(`
    begin;
    insert into users (email, hashed_password, created_at, updated_at)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ${users})
      select 'person' || i || '@example.com', '$2b$12$' || substr(hex(randomblob(30)), 1, 53), 0, 0 from n;
    insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at, ip, user_agent, handle)
      with recursive n(i) as (select 0 union all select i + 1 from n where i < ${users * sessionsEach - 1})
      select substr(hex(randomblob(32)), 1, 43), i % ${users} + 1, 0, 0, 4e12, '192.0.2.1',
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
        substr(hex(randomblob(22)), 1, 43) from n;
    commit;
  `);
}
