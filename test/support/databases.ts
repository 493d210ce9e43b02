import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { DatabaseUnavailable } from "../../src/errors.ts";
import { temporaryFolder } from "./service.ts";

/** A database of a test's own, empty until something opens it. */
export interface EmptyDatabase extends AsyncDisposable {
  readonly url: string;
  /** Runs SQL on it beside the service, as an operator or an attacker would. */
  run(sql: string): Promise<Record<string, unknown>[]>;
}

export async function emptyDatabase(engine: "sqlite" | "postgres"): Promise<EmptyDatabase> {
  return engine === "sqlite" ? emptyFile() : emptyPostgres();
}

/** Asks again while the database is too busy: of a crowd not everyone has a connection in time on a slow machine. */
export async function untilAvailable<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof DatabaseUnavailable)) throw error;
    await sleep(20);
    return untilAvailable(ask);
  }
}

async function emptyFile(): Promise<EmptyDatabase> {
  const folder = await temporaryFolder();
  const path = join(folder.path, "bienvenue.db");
  return {
    url: `sqlite:${path}`,
    async run(sql) {
      const { DatabaseSync } = await import("node:sqlite");
      using db = new DatabaseSync(path, { timeout: 2000 });
      return db.prepare(sql).all();
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** A schema of its own in the server of all tests. */
async function emptyPostgres(): Promise<EmptyDatabase> {
  const server = process.env.TEST_DATABASE_URL;
  if (!server) throw new Error("no PostgreSQL: run the tests with npm test, or name one in TEST_DATABASE_URL");
  const schema = `test_${randomBytes(8).toString("hex")}`;
  const admin = async (sql: string) => {
    const client = new pg.Client(server);
    await client.connect();
    try {
      await client.query(`set search_path = ${schema}`);
      return (await client.query(sql)).rows ?? [];
    } finally {
      await client.end();
    }
  };
  await admin(`create schema ${schema}`);
  const url = new URL(server);
  url.searchParams.set("options", `-c search_path=${schema}`);
  return {
    url: url.href.replaceAll("+", "%20"),
    run: admin,
    [Symbol.asyncDispose]: async () => void (await admin(`drop schema ${schema} cascade`)),
  };
}
