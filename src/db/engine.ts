import type { CompiledQuery, Dialect, Kysely, RawBuilder } from "kysely";
import type { DatabaseUnavailable } from "../errors.ts";
import type { Schema } from "./schema.ts";

/** A value or a promise of it. A synchronous driver returns the value itself, to save an `await`. */
export type Awaitable<T> = T | Promise<T>;

/** The differences between SQLite and PostgreSQL. All other code in `db/` works with both. */
export interface Engine {
  readonly dialect: Dialect;

  /**
   * Runs a compiled `select` without Kysely's overhead. On SQLite, returns the rows synchronously unless the database is locked
   * or a transaction is open.
   */
  read<Row>(query: CompiledQuery<Row>): Awaitable<Row[]>;

  /** Returns true if an error reports a duplicate value in a unique column, such as `users.email`. */
  isUniqueViolation(error: unknown, column: `${keyof Schema}.${string}`): boolean;

  /** Returns true if a transaction failed because it conflicted with another one, and can be retried. */
  isConflict(error: unknown): boolean;

  /**
   * Returns true if the database canceled a statement that took too long or waited too long for a lock. The statement had no
   * effect.
   */
  isTimeout(error: unknown): boolean;

  /** True if write transactions run concurrently, so that each transaction must lock the rows that it relies on. */
  readonly locksRows: boolean;

  /** Describes how an operator can fix a database that cannot be used. */
  remedy(error: DatabaseUnavailable): string;

  /** Closes every connection; later calls throw `DatabaseUnavailable`. */
  close(): Promise<void>;

  /** Turns off statement timeouts until `work` settles, for example during a migration. */
  withoutTimeouts<T>(work: () => Promise<T>): Promise<T>;

  /** Prepares an empty database or a Bienvenue database for use. Opening a database writes nothing to it before this call. */
  initialize(db: Kysely<Schema>): Promise<void>;

  /**
   * Runs `work` in a transaction while holding the migration lock. Calls `onWait` once if another program holds the lock.
   *
   * @param options.isPending whether a migration seems to be pending
   * @throws the signal's reason if the signal is aborted during the wait
   */
  migrateExclusively(
    db: Kysely<Schema>,
    work: (transaction: Kysely<Schema>) => Promise<void>,
    options: { readonly signal?: AbortSignal | undefined; readonly isPending: boolean; readonly onWait: () => void },
  ): Promise<void>;

  /** Returns the name of the schema that contains the tables; undefined on SQLite. */
  schemaName(db: Kysely<Schema>): Promise<string | undefined>;

  /** Inserts the objects of a JSON array as rows. Each object has a value for every column. */
  insertJson(db: Kysely<Schema>, table: string, columns: readonly string[], json: string): Promise<void>;

  /** Returns a query that selects the objects of a JSON array as rows with these columns. */
  jsonTable(columns: Readonly<Record<string, "text" | "bigint">>, json: string): RawBuilder<unknown>;

  /** Makes the generated ids of every table continue after the highest existing id. */
  updateSequences(db: Kysely<Schema>): Promise<void>;

  /** An SQL expression for 43 random characters, different in each row. */
  readonly randomText: string;

  /** Parts of table definitions. */
  readonly ddl: {
    /** The type of a text column with at most 250 characters, compared by bytes. */
    readonly text: string;
    /** The type of a generated integer key whose values are never reused. */
    readonly serial: string;
    /** The end of the definition of a table with a text key. */
    readonly keyedTable: string;
  };
}
