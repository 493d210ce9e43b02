import type { CompiledQuery, Dialect, Kysely, RawBuilder } from "kysely";
import type { DatabaseUnavailable } from "../errors.ts";
import type { Schema } from "./schema.ts";

/** A value, or a promise of it. A synchronous driver returns the value itself, which saves an `await`. */
export type Awaitable<T> = T | Promise<T>;

/** The differences between SQLite and PostgreSQL. All other statements in `db/` are the same on both. */
export interface Engine {
  readonly dialect: Dialect;

  /** Runs a compiled `select` without Kysely's overhead; synchronously on SQLite. */
  read<Row>(query: CompiledQuery<Row>): Awaitable<Row[]>;

  /** Returns true if an error reports a duplicate value in a unique column, such as `users.email`. */
  isUniqueViolation(error: unknown, column: `${keyof Schema}.${string}`): boolean;

  /** Returns true if a transaction failed because of a simultaneous one, and can be retried. */
  isConflict(error: unknown): boolean;

  /** Returns true if the database canceled a statement, without effect, because the statement or a lock took too long. */
  isTimeout(error: unknown): boolean;

  /** True if write transactions run concurrently, so that each must lock the rows that it relies on. */
  readonly locksRows: boolean;

  /** Describes how an operator can fix a database that cannot be used. */
  remedy(error: DatabaseUnavailable): string;

  /** Closes every connection; later calls throw `DatabaseUnavailable`. */
  close(): Promise<void>;

  /** Turns statement timeouts off until `work` settles, such as for a migration. */
  withoutTimeouts<T>(work: () => Promise<T>): Promise<T>;

  /** Prepares an empty database, or one of Bienvenue's, for use. Nothing is written to it before this call. */
  initialize(db: Kysely<Schema>): Promise<void>;

  /**
   * Runs `work` in a transaction while holding the migration lock. Calls `onWait` once if another program holds the lock.
   *
   * @param options.isPending whether a migration seems to be pending
   * @throws the signal's reason if it is aborted while waiting
   */
  migrateExclusively(
    db: Kysely<Schema>,
    work: (transaction: Kysely<Schema>) => Promise<void>,
    options: { readonly signal?: AbortSignal | undefined; readonly isPending: boolean; readonly onWait: () => void },
  ): Promise<void>;

  /** Returns the name of the schema that contains the tables; undefined on SQLite. */
  schemaName(db: Kysely<Schema>): Promise<string | undefined>;

  /** Inserts the rows of a JSON array of objects, each with a value for every column. */
  insertJson(db: Kysely<Schema>, table: string, columns: readonly string[], json: string): Promise<void>;

  /** Returns a query that selects the objects of a JSON array as rows with these columns. */
  jsonTable(columns: Readonly<Record<string, "text" | "bigint">>, json: string): RawBuilder<unknown>;

  /** Makes every generated id continue after the highest id in its table. */
  updateSequences(db: Kysely<Schema>): Promise<void>;

  /** An SQL expression for 43 random characters, different in each row. */
  readonly randomText: string;

  /** Parts of table definitions. */
  readonly ddl: {
    /** The type of text of at most 250 characters, compared by bytes. */
    readonly text: string;
    /** The type of a generated integer key whose values are never reused. */
    readonly serial: string;
    /** Ends the definition of a table that is looked up only by its key. */
    readonly keyedTable: string;
  };
}
