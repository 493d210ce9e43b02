import type { CompiledQuery, Dialect, Kysely, RawBuilder } from "kysely";
import type { DatabaseUnavailable } from "../errors.ts";
import type { Schema } from "./schema.ts";

/** A value, or the promise of one: what is read synchronously need not be awaited. */
export type Awaitable<T> = T | Promise<T>;

/** What differs from one database to another. Everything else in `db/` is the same statement on each. */
export interface Engine {
  readonly dialect: Dialect;

  /** Answers a read on its own path, without Kysely's: at once where the driver is synchronous. */
  read<Row>(query: CompiledQuery<Row>): Awaitable<Row[]>;

  /** Whether this error says that another row holds the value of a unique column, such as `users.email`. */
  isUniqueViolation(error: unknown, column: `${keyof Schema}.${string}`): boolean;

  /** Whether a transaction failed only because of another at the same time, and would succeed alone. */
  isConflict(error: unknown): boolean;

  /** Whether the database gave a statement up because it, or a lock that it waited for, took too long: nothing of it was done. */
  isTimeout(error: unknown): boolean;

  /** Whether transactions run side by side, so that one has to lock the rows that it relies on. */
  readonly locksRows: boolean;

  /** What whoever starts the program can do about a database that cannot be used. */
  remedy(error: DatabaseUnavailable): string;

  /** Closes every connection; what is asked afterwards throws `DatabaseUnavailable`. */
  close(): Promise<void>;

  /** Lets statements take as long as migrations do, until it has resolved. */
  withoutTimeouts<T>(work: () => Promise<T>): Promise<T>;

  /** Takes over a database that is empty or Bienvenue's. Until then nothing of it has been changed. */
  initialize(db: Kysely<Schema>): Promise<void>;

  /**
   * Runs work in a transaction while no other program migrates, and makes the others wait until it ends. Calls `waiting` once
   * if it has to wait itself; `isPending` says whether there seems to be something to migrate.
   *
   * @throws the signal's reason if it is aborted while waiting
   */
  migrateExclusively(
    db: Kysely<Schema>,
    work: (transaction: Kysely<Schema>) => Promise<void>,
    options: { readonly signal?: AbortSignal | undefined; readonly isPending: boolean; readonly waiting: () => void },
  ): Promise<void>;

  /** The schema that holds the tables, where there are several; else undefined. */
  schemaName(db: Kysely<Schema>): Promise<string | undefined>;

  /** Inserts rows that are given as a JSON array of objects, with a value for each column. */
  insertJson(db: Kysely<Schema>, table: string, columns: readonly string[], json: string): Promise<void>;

  /** A query that returns the objects of a JSON array as rows with these columns. */
  jsonTable(columns: Readonly<Record<string, "text" | "bigint">>, json: string): RawBuilder<unknown>;

  /** Has the keys that count by themselves go on after the rows that are there. */
  updateSequences(db: Kysely<Schema>): Promise<void>;

  /** An SQL expression for 43 random characters, other ones for each row. */
  readonly randomText: string;

  /** How the tables are defined. */
  readonly ddl: {
    /** Text of at most 250 characters, ordered by its bytes. */
    readonly text: string;
    /** An integer key that counts by itself and never reuses a number. */
    readonly serial: string;
    /** What a table that is only looked up by its key ends its definition with. */
    readonly keyedTable: string;
  };
}
