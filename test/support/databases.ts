import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { DatabaseUnavailable } from "../../src/errors.ts";
import { writeMigratedFile } from "./migrated-sqlite.ts";
import { emptySchema, migratedSchema, type OwnSchema } from "./schemas.ts";
import { temporaryFolder } from "./service.ts";

/** A database of a test's own, empty until something opens it. */
export interface EmptyDatabase extends AsyncDisposable {
  readonly url: string;
  /** Runs SQL on it beside the service, as an operator or an attacker would. */
  run(sql: string): Promise<Record<string, unknown>[]>;
}

export async function emptyDatabase(engine: "sqlite" | "postgres"): Promise<EmptyDatabase> {
  return engine === "sqlite" ? emptyFile() : withSql(await emptySchema());
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

/** A database of a test's own that has this program's tables, and no rows. */
export async function migratedDatabase(engine: "sqlite" | "postgres"): Promise<EmptyDatabase> {
  if (engine === "postgres") return withSql(await migratedSchema());
  const file = await emptyFile();
  await writeMigratedFile(file.path);
  return file;
}

async function emptyFile(): Promise<EmptyDatabase & { readonly path: string }> {
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
export function withSql<T extends OwnSchema>(schema: T): T & EmptyDatabase {
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
