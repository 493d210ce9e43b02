import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type DB, openDB } from "../../src/db/db.ts";
import { type Environment, readSettings } from "../../src/settings/settings.ts";
import { writeMigratedFile } from "./migrated-sqlite.ts";
import { temporaryFolder } from "./service.ts";
import { Clock } from "./world.ts";

/** A database in a file of a test's own, migrated, the clock in the test's hands. All that it opens goes away with it. */
export interface Store extends AsyncDisposable {
  readonly path: string;
  readonly url: string;
  readonly clock: Clock;
  readonly db: DB;
  /** Opens the same file once more, as another process of the service would. */
  open(): Promise<DB>;
  /** Opens it as another program would. */
  openRaw(): DatabaseSync;
  /** Every row of a table, as it is stored. */
  rows(table: string): Record<string, unknown>[];
}

export async function createStore(environment: Environment = {}): Promise<Store> {
  const resources = new AsyncDisposableStack();
  const folder = resources.use(await temporaryFolder());
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
    rows: (table) => {
      using raw = new DatabaseSync(path);
      return raw
        .prepare(`select * from "${table}"`)
        .all()
        .map((row) => ({ ...row }));
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Lets everything that only waits for promises go on. */
export function waitForTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
