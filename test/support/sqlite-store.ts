import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type DB, openDB } from "../../src/db/db.ts";
import { type Environment, readSettings } from "../../src/settings/settings.ts";
import { writeMigratedFile } from "./migrated-sqlite.ts";
import { createTemporaryFolder } from "./service.ts";
import { Clock } from "./world.ts";

/** A migrated SQLite file of one test, with a clock that the test sets. Disposing of it closes all its connections. */
export interface SqliteStore extends AsyncDisposable {
  readonly path: string;
  readonly url: string;
  readonly clock: Clock;
  readonly db: DB;
  /** Opens the same file again, as another process of the service does. */
  open(): Promise<DB>;
  /** Opens the file without the service, as another program does. */
  openRaw(): DatabaseSync;
  /** Returns all rows of a table as stored. */
  readRows(table: string): Record<string, unknown>[];
}

export async function createSqliteStore(environment: Environment = {}): Promise<SqliteStore> {
  const resources = new AsyncDisposableStack();
  const folder = resources.use(await createTemporaryFolder());
  const path = join(folder.path, "accounts.db");
  await writeMigratedFile(path);
  const url = `sqlite:${path}`;
  const clock = new Clock();
  const settings = readSettings(environment);
  const open = async () => resources.adopt(await openDB(url, { settings, clock: clock.now }), (db) => db.close());
  const openRaw = () => resources.adopt(new DatabaseSync(path), (raw) => void (raw.isOpen && raw.close()));
  return {
    path,
    url,
    clock,
    db: await open(),
    open,
    openRaw,
    readRows: (table) => {
      using raw = new DatabaseSync(path);
      return raw
        .prepare(`select * from "${table}"`)
        .all()
        .map((row) => ({ ...row }));
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Waits until pending promise callbacks have run. */
export function flushPromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
