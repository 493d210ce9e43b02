import { after } from "node:test";
import { Kysely } from "kysely";
import { DB } from "../../src/db/db.ts";
import type { Engine } from "../../src/db/engine.ts";
import { open } from "../../src/db/open.ts";
import type { Schema } from "../../src/db/schema.ts";
import type { Store } from "../../src/db/store.ts";
import { DatabaseUnavailable } from "../../src/errors.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { addConnection, type TestDatabase } from "./databases.ts";
import { createMigratedSchema, type MigratedSchema } from "./schemas.ts";

/** A migrated schema with its connections. */
interface PooledPostgres {
  readonly database: TestDatabase & MigratedSchema;
  readonly engine: Engine;
}

/** A database for one test. Queries after the end of the test do not reach the connections. */
interface AcquiredPostgres extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly db: DB;
}

const pool: PooledPostgres[] = [];

after(async () => {
  for (const pooled of pool) await closePooled(pooled);
});

/**
 * Returns a PostgreSQL database with all tables and no rows. The tests of this process reuse it and its connections one after
 * the other, because creating them takes longer than the queries of most tests.
 */
export async function acquirePostgres(options: Pick<Store, "lifetimes" | "clock">): Promise<AcquiredPostgres> {
  const pooled = pool.pop() ?? (await createPooled());
  const engine = keepConnectionsOpen(pooled.engine);
  const db = new DB({ ...options, db: new Kysely<Schema>({ dialect: engine.dialect }), engine });
  return {
    database: pooled.database,
    db,
    async [Symbol.asyncDispose]() {
      await db.close();
      if (await pooled.database.empty()) pool.push(pooled);
      else await closePooled(pooled);
    },
  };
}

async function createPooled(): Promise<PooledPostgres> {
  const database = addConnection(await createMigratedSchema());
  const { engine } = await open(database.url, { settings: { ...readSettings(), AUTO_MIGRATE: "off" } });
  return { database, engine };
}

async function closePooled({ database, engine }: PooledPostgres): Promise<void> {
  await engine.close();
  await database[Symbol.asyncDispose]();
}

/** Wraps an engine so that closing it leaves its connections open. */
function keepConnectionsOpen(engine: Engine): Engine {
  let isClosed = false;
  let inUse = 0;
  const { promise: unused, resolve } = Promise.withResolvers<void>();
  const beginUse = () => {
    if (isClosed) throw new DatabaseUnavailable("closed");
    inUse++;
  };
  const endUse = () => {
    inUse--;
    if (isClosed && inUse === 0) resolve();
  };
  const driver = engine.dialect.createDriver();
  return {
    ...engine,
    dialect: {
      ...engine.dialect,
      createDriver: () => ({
        init: () => driver.init(),
        async acquireConnection() {
          beginUse();
          try {
            return await driver.acquireConnection();
          } catch (error) {
            endUse();
            throw error;
          }
        },
        beginTransaction: (...all) => driver.beginTransaction(...all),
        commitTransaction: (...all) => driver.commitTransaction(...all),
        rollbackTransaction: (...all) => driver.rollbackTransaction(...all),
        async releaseConnection(...all) {
          await driver.releaseConnection(...all);
          endUse();
        },
        destroy: async () => {},
      }),
    },
    async read(query) {
      beginUse();
      try {
        return await engine.read(query);
      } finally {
        endUse();
      }
    },
    async close() {
      isClosed = true;
      if (inUse > 0) await unused;
    },
  };
}
