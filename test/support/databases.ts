import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { DatabaseUnavailable } from "../../src/errors.ts";
import { writeMigratedFile } from "./migrated-sqlite.ts";
import { createEmptySchema, createMigratedSchema, type TestSchema } from "./schemas.ts";
import { temporaryFolder } from "./service.ts";

/** A database of a test's own, empty until something opens it. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  /** Runs SQL on it beside the service, as an operator or an attacker would. */
  run(sql: string): Promise<Record<string, unknown>[]>;
}

export async function createEmptyDatabase(engine: "sqlite" | "postgres"): Promise<TestDatabase> {
  return engine === "sqlite" ? emptyFile() : addSql(await createEmptySchema());
}

/** Asks again while the database is too busy: of a crowd not everyone has a connection in time on a slow machine. */
export async function retryWhileUnavailable<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof DatabaseUnavailable)) throw error;
    await sleep(20);
    return retryWhileUnavailable(ask);
  }
}

/** A database of a test's own that has this program's tables, and no rows. */
export async function createMigratedDatabase(engine: "sqlite" | "postgres"): Promise<TestDatabase> {
  if (engine === "postgres") return addSql(await createMigratedSchema());
  const file = await emptyFile();
  await writeMigratedFile(file.path);
  return file;
}

async function emptyFile(): Promise<TestDatabase & { readonly path: string }> {
  const folder = await temporaryFolder();
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

/** A schema on which SQL can be run, over one connection of its own. */
export function addSql<T extends TestSchema>(schema: T): T & TestDatabase {
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
