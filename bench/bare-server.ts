import { deepStrictEqual } from "node:assert";
import { Kysely } from "kysely";
import { createPostgresEngine } from "../src/db/postgres/postgres.ts";
import type { Schema } from "../src/db/schema.ts";
import { createSqliteEngine } from "../src/db/sqlite/sqlite.ts";
import { find as prepareLookup } from "../src/db/tables/session-lookup.ts";
import { readSettings } from "../src/index.ts";
import type { Bare } from "./bare.ts";
import { Child } from "./child.ts";

/** Headers that node:http writes by itself, and the one that depends on the body. */
const own = ["date", "connection", "keep-alive", "content-length"];

/** A bare server on node:http, in a process of its own. */
export interface BareServer extends Disposable {
  readonly port: number;
}

/**
 * Starts one that answers a request for the profile as the service does: with the same headers and body, by the same SQL.
 *
 * @param url its DATABASE_URL
 * @param profile the address of the service's profile
 */
export async function startBare(url: string, profile: string, cookie: string): Promise<BareServer> {
  const expected = await answerOf(profile, cookie);
  const bare: Bare = {
    url,
    sql: await lookupSql(url),
    sessionIdle: readSettings().SESSION_IDLE,
    headers: Object.fromEntries(Object.entries(expected.headers).filter(([name]) => !own.includes(name))),
    keepAliveTimeout: Number(expected.headers["keep-alive"]?.replace("timeout=", "")) * 1000,
  };
  const child = new Child("./bare.ts", JSON.stringify(bare));
  const port = await child.answer<number>();
  deepStrictEqual(await answerOf(`http://127.0.0.1:${port}/profile`, cookie), expected);
  return { port, [Symbol.dispose]: () => child[Symbol.dispose]() };
}

async function answerOf(url: string, cookie: string) {
  const response = await fetch(url, { headers: { Cookie: cookie } });
  const headers: Record<string, string> = { ...Object.fromEntries(response.headers), date: "now" };
  return { status: response.status, headers, body: await response.text() };
}

/** The lookup of a session as the service has it on this engine. */
async function lookupSql(url: string): Promise<string> {
  const engine = url.startsWith("sqlite:") ? createSqliteEngine(":memory:") : createPostgresEngine(url, 1);
  const db = new Kysely<Schema>({ dialect: engine.dialect });
  let sql = "";
  const read: typeof engine.read = (query) => {
    // The first: a session that is not found is looked for by its previous id too.
    sql ||= query.sql;
    return [];
  };
  prepareLookup({ db, engine: { ...engine, read }, lifetimes: readSettings(), clock: Date.now })("");
  await db.destroy();
  return sql;
}
