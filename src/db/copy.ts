import { createHash, type Hash } from "node:crypto";
import { type Kysely, sql } from "kysely";
import { InvalidRequestError } from "../errors.ts";
import type { Engine } from "./engine.ts";
import { findTables } from "./migrations.ts";
import { type Schema, tables } from "./schema.ts";
import type { Store } from "./store.ts";

/** How many rows go over at a time: some milliseconds of each side's work. */
const batch = 2000;

/** Every table but those whose rows matter for a minute only. */
const copiedTables = Object.entries(tables).filter(([table]) => table !== "acts" && table !== "leases");

/** How far a copy is. */
export interface CopyProgress {
  readonly table: string;
  /** Rows of all tables so far, and in all. */
  readonly done: number;
  readonly total: number;
}

/** One side of a copy. */
type Side = Pick<Store, "db" | "engine">;

type Row = Record<string, unknown>;

/**
 * Copies every row of every table but `acts` from one snapshot of the source, and compares counts and checksums before it
 * commits: a copy that is interrupted or differs leaves the target as empty as it was.
 *
 * @returns the rows copied, by table
 * @throws {InvalidRequestError} when the target holds rows already, or a table that is not known
 */
export async function copy(source: Side, target: Side, onProgress: (progress: CopyProgress) => void) {
  const columns = await findTables(target.db, target.engine);
  const found = [...(await findTables(source.db, source.engine)).keys()].filter((name) => !name.startsWith("kysely_"));
  const unknown = found.filter((name) => !Object.hasOwn(tables, name));
  if (unknown.length > 0) throw new InvalidRequestError(`this version does not know the table ${unknown.join(", ")}`);
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
  const copied: Record<string, number> = {};
  const total = await count(from);
  if ((await count(to)) > 0) throw new InvalidRequestError("the target holds accounts already; name an empty database");
  let done = 0;
  for (const [table, key] of copiedTables) {
    const columns = columnsOf.get(table) ?? [];
    const read = createHash("sha256");
    let rows = 0;
    for await (const page of pages(from, table, key, columns)) {
      add(read, page, columns);
      await engine.insertJson(to, table, columns, JSON.stringify(page));
      rows += page.length;
      done += page.length;
      onProgress({ table, done, total });
    }
    const written = createHash("sha256");
    for await (const page of pages(to, table, key, columns)) add(written, page, columns);
    if (read.digest("hex") !== written.digest("hex"))
      throw new Error(`${table}: what was written is not what was read`);
    copied[table] = rows;
  }
  await engine.updateSequences(to);
  return copied;
}

/** The rows of a table in the order of its key, which is the same on every engine. */
async function* pages(
  db: Kysely<Schema>,
  table: string,
  key: string,
  columns: readonly string[],
): AsyncGenerator<Row[]> {
  const selected = sql.join(columns.map((column) => sql.ref(column)));
  for (let last: unknown; ; ) {
    const after = last === undefined ? sql`` : sql`where ${sql.ref(key)} > ${last}`;
    const query = sql<Row>`select ${selected} from ${sql.table(table)} ${after} order by ${sql.ref(key)} limit ${sql.lit(batch)}`;
    const { rows } = await query.execute(db);
    if (rows.length > 0) yield rows;
    if (rows.length < batch) return;
    last = rows.at(-1)?.[key];
  }
}

function add(hash: Hash, rows: readonly Row[], columns: readonly string[]): void {
  for (const row of rows) hash.update(`${JSON.stringify(columns.map((column) => row[column]))}\n`);
}

async function count(db: Kysely<Schema>): Promise<number> {
  let all = 0;
  for (const [table] of copiedTables) {
    const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(db);
    all += Number(rows[0]?.count);
  }
  return all;
}
