import { deepStrictEqual } from "node:assert";
import { Kysely } from "kysely";
import { createPostgresEngine } from "../src/db/postgres/postgres.ts";
import type { Schema } from "../src/db/schema.ts";
import { createSqliteEngine } from "../src/db/sqlite/sqlite.ts";
import { find as prepareLookup } from "../src/db/tables/session-lookup.ts";
import { readSettings } from "../src/index.ts";
import type { BareServerOptions } from "./bare-server.ts";
import { Child } from "./child.ts";

/** Headers that node:http adds, and Content-Length, which depends on the body. */
const uncopiedHeaders = ["date", "connection", "keep-alive", "content-length"];

/** A minimal node:http server in a separate process. */
export interface BareServer extends Disposable {
  readonly port: number;
}

/**
 * Starts a bare server that responds to `GET /profile` with the headers, the body and the SQL of the service.
 *
 * @param url the `DATABASE_URL` of the bare server
 * @param profile the URL of the service's `/profile`
 * @throws {AssertionError} if its response differs from that of the service
 */
export async function startBareServer(url: string, profile: string, cookie: string): Promise<BareServer> {
  const expected = await fetchProfile(profile, cookie);
  const options: BareServerOptions = {
    url,
    sql: await readLookupSql(url),
    sessionIdle: readSettings().SESSION_IDLE,
    headers: Object.fromEntries(Object.entries(expected.headers).filter(([name]) => !uncopiedHeaders.includes(name))),
    keepAliveTimeout: Number(expected.headers["keep-alive"]?.replace("timeout=", "")) * 1000,
  };
  const child = new Child("./bare-server.ts", JSON.stringify(options));
  const port = await child.nextMessage<number>();
  deepStrictEqual(await fetchProfile(`http://127.0.0.1:${port}/profile`, cookie), expected);
  return { port, [Symbol.dispose]: () => child[Symbol.dispose]() };
}

async function fetchProfile(url: string, cookie: string) {
  const response = await fetch(url, { headers: { Cookie: cookie } });
  const headers: Record<string, string> = { ...Object.fromEntries(response.headers), date: "now" };
  return { status: response.status, headers, body: await response.text() };
}

/** Returns the SQL of the service's session lookup on this engine. */
async function readLookupSql(url: string): Promise<string> {
  const engine = url.startsWith("sqlite:") ? createSqliteEngine(":memory:") : createPostgresEngine(url, 1);
  const db = new Kysely<Schema>({ dialect: engine.dialect });
  let sql = "";
  const read: typeof engine.read = (query) => {
    // Keep the first statement. The second one looks for the previous id of a renewed session.
    sql ||= query.sql;
    return [];
  };
  prepareLookup({ db, engine: { ...engine, read }, lifetimes: readSettings(), clock: Date.now })("");
  await db.destroy();
  return sql;
}
