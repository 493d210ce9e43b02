import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { DatabaseUnavailable } from "../../src/errors.ts";
import { writeMigratedFile } from "./migrated-sqlite.ts";
import { createEmptySchema, createMigratedSchema, type TestSchema } from "./schemas.ts";
import { createTemporaryFolder } from "./service.ts";

/** A database of one test. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  /** Runs SQL on a separate connection, as an operator or an attacker would. */
  run(sql: string): Promise<Record<string, unknown>[]>;
}

export async function createEmptyDatabase(engine: "sqlite" | "postgres"): Promise<TestDatabase> {
  return engine === "sqlite" ? createEmptyFile() : addConnection(await createEmptySchema());
}

/** Retries while the database is unavailable. On a slow machine, some of many simultaneous requests get no connection in time. */
export async function retryWhileUnavailable<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof DatabaseUnavailable)) throw error;
    await sleep(20);
    return retryWhileUnavailable(request);
  }
}

/** Creates a database with all tables and no rows. */
export async function createMigratedDatabase(engine: "sqlite" | "postgres"): Promise<TestDatabase> {
  if (engine === "postgres") return addConnection(await createMigratedSchema());
  const file = await createEmptyFile();
  await writeMigratedFile(file.path);
  return file;
}

async function createEmptyFile(): Promise<TestDatabase & { readonly path: string }> {
  const folder = await createTemporaryFolder();
  const path = join(folder.path, "bienvenue.db");
  return {
    path,
    url: `sqlite:${path}`,
    async run(sql) {
      const { DatabaseSync } = await import("node:sqlite");
      using db = new DatabaseSync(path, { timeout: 2000 });
      return db.prepare(sql).all();
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Adds `run` to a schema, with a separate connection. */
export function addConnection<T extends TestSchema>(schema: T): T & TestDatabase {
  const pool = new pg.Pool({ connectionString: schema.url, max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true });
  return {
    ...schema,
    run: async (sql) => (await pool.query(sql)).rows ?? [],
    async [Symbol.asyncDispose]() {
      await pool.end();
      await schema[Symbol.asyncDispose]();
    },
  };
}
