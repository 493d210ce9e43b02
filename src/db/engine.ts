import type { CompiledQuery, Dialect, Kysely } from "kysely";
import type { Schema } from "./schema.ts";

/** What differs from one database to another. Everything else in `db/` is the same statement on each. */
export interface Engine {
  readonly dialect: Dialect;

  /**
   * Answers a read at once when the driver can, and `undefined` when it has to be awaited instead: the caller then runs
   * the same query through Kysely.
   */
  readNow<Row>(query: CompiledQuery<Row>): Row[] | undefined;

  /** Whether this error says that another row holds the value of a unique column, such as `users.email`. */
  isUniqueViolation(error: unknown, column: `${keyof Schema}.${string}`): boolean;

  /** What a table that is only looked up by its key ends its definition with. */
  readonly keyedTable: string;

  /** Columns of an integer primary key that counts by itself and never reuses a number. */
  readonly serial: "integer" | "serial";

  /** The names of the tables that are there, Bienvenue's or not. */
  tables(db: Kysely<Schema>): Promise<string[]>;

  /** Takes over a database that is empty or Bienvenue's. Until then nothing of it has been changed. */
  adopt(db: Kysely<Schema>): Promise<void>;
}
