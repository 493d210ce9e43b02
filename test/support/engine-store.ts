import { type DB, openDB } from "../../src/db/db.ts";
import { type Environment, readSettings } from "../../src/settings/settings.ts";
import { createMigratedDatabase } from "./databases.ts";
import { getCurrentEngine } from "./engines.ts";
import { acquirePostgres } from "./postgres-pool.ts";
import { Clock } from "./world.ts";

/** A database of one test on the current engine, with a clock that the test sets. */
export interface Store extends AsyncDisposable {
  readonly url: string;
  readonly clock: Clock;
  readonly db: DB;
  /** Opens the same database again, as another node does. */
  open(): Promise<DB>;
  /** Runs SQL on a separate connection. */
  run(sql: string): Promise<Record<string, unknown>[]>;
  /** Returns all rows of a table as stored, ordered by the first column. */
  readRows(table: string): Promise<Record<string, unknown>[]>;
}

export async function createStore(environment: Environment = {}): Promise<Store> {
  const resources = new AsyncDisposableStack();
  const clock = new Clock();
  const settings = readSettings(environment);
  const options = { lifetimes: settings, clock: clock.now };
  const pooled = getCurrentEngine() === "postgres" ? resources.use(await acquirePostgres(options)) : undefined;
  const { url, run } = pooled?.database ?? resources.use(await createMigratedDatabase("sqlite"));
  const open = async () => resources.adopt(await openDB(url, { settings, clock: clock.now }), (db) => db.close());
  return {
    url,
    clock,
    db: pooled?.db ?? (await open()),
    open,
    run,
    readRows: async (table) => (await run(`select * from ${table} order by 1`)).map((row) => ({ ...row })),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
