import { createHash, type Hash } from "node:crypto";
import { type Kysely, sql } from "kysely";
import { InvalidRequestError } from "../errors.ts";
import type { Engine } from "./engine.ts";
import { findTables } from "./migrations.ts";
import { type Schema, tables } from "./schema.ts";
import type { Store } from "./store.ts";

/** The number of rows per batch. A batch takes a few milliseconds on each engine. */
const batchSize = 2000;

/** All tables except those whose rows are valid for only a few minutes. */
const copiedTables = Object.entries(tables).filter(([table]) => table !== "acts" && table !== "leases");

/** The progress of a copy. */
export interface CopyProgress {
  readonly table: string;
  /** The number of rows copied so far, in all tables. */
  readonly done: number;
  readonly total: number;
}

/** The source or target database. */
type Side = Pick<Store, "db" | "engine">;

type Row = Record<string, unknown>;

/**
 * Copies all rows of all tables except `acts` and `leases`, from a single snapshot of the source. Compares checksums of source
 * and target before the commit. If the copy is interrupted or differs, the target stays empty.
 *
 * @returns the number of copied rows per table
 * @throws {InvalidRequestError} if the target has rows, or if the source has a table that this version does not know
 */
export async function copy(source: Side, target: Side, onProgress: (progress: CopyProgress) => void) {
  const columns = await findTables(target.db, target.engine);
  const found = [...(await findTables(source.db, source.engine)).keys()].filter((name) => !name.startsWith("kysely_"));
  const unknown = found.filter((name) => !Object.hasOwn(tables, name));
  if (unknown.length > 0)
    throw new InvalidRequestError(`the source has tables that this version does not know: ${unknown.join(", ")}`);
  const snapshot = source.db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only");
  const write = (from: Kysely<Schema>) =>
    target.db.transaction().execute((to) => copyAll(from, to, target.engine, columns, onProgress));
  return source.engine.withoutTimeouts(() => target.engine.withoutTimeouts(() => snapshot.execute(write)));
}

async function copyAll(
  from: Kysely<Schema>,
  to: Kysely<Schema>,
  engine: Engine,
  columnsOf: ReadonlyMap<string, string[]>,
  onProgress: (progress: CopyProgress) => void,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const total = await countRows(from);
  if ((await countRows(to)) > 0) throw new InvalidRequestError("the target is not empty; use an empty database");
  let done = 0;
  for (const [table, key] of copiedTables) {
    const columns = columnsOf.get(table) ?? [];
    const read = createHash("sha256");
    let rows = 0;
    for await (const page of pages(from, table, key, columns)) {
      updateHash(read, page, columns);
      await engine.insertJson(to, table, columns, JSON.stringify(page));
      rows += page.length;
      done += page.length;
      onProgress({ table, done, total });
    }
    const written = createHash("sha256");
    for await (const page of pages(to, table, key, columns)) updateHash(written, page, columns);
    if (read.digest("hex") !== written.digest("hex"))
      throw new Error(`the rows of ${table} differ between source and target`);
    counts[table] = rows;
  }
  await engine.updateSequences(to);
  return counts;
}

/** Reads the rows of a table in batches, ordered by key. The order is the same on both engines. */
async function* pages(
  db: Kysely<Schema>,
  table: string,
  key: string,
  columns: readonly string[],
): AsyncGenerator<Row[]> {
  const selected = sql.join(columns.map((column) => sql.ref(column)));
  for (let last: unknown; ; ) {
    const after = last === undefined ? sql`` : sql`where ${sql.ref(key)} > ${last}`;
    const query = sql<Row>`select ${selected} from ${sql.table(table)} ${after} order by ${sql.ref(key)} limit ${sql.lit(batchSize)}`;
    const { rows } = await query.execute(db);
    if (rows.length > 0) yield rows;
    if (rows.length < batchSize) return;
    last = rows.at(-1)?.[key];
  }
}

function updateHash(hash: Hash, rows: readonly Row[], columns: readonly string[]): void {
  for (const row of rows) hash.update(`${JSON.stringify(columns.map((column) => row[column]))}\n`);
}

async function countRows(db: Kysely<Schema>): Promise<number> {
  let total = 0;
  for (const [table] of copiedTables) {
    const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(db);
    total += Number(rows[0]?.count);
  }
  return total;
}
