import { setTimeout as sleep } from "node:timers/promises";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from "kysely";
import { DatabaseUnavailable } from "../../errors.ts";
import { isLocked } from "./faults.ts";
import type { SqliteFile } from "./file.ts";

/** How long a busy database is tried again before the caller is told, in milliseconds. */
const patience = 2000;

export function dialect(file: SqliteFile): Dialect {
  return {
    createDriver: () => new SqliteDriver(file),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new TransactionalSqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

/**
 * Kysely's own adapter says that DDL is not transactional, which loses the migrations' lock, and lets one statement wait
 * for another: while the database is locked, everyone would wait the patience of all before them.
 */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }

  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/**
 * Kysely's driver over the one connection. A transaction has it alone from `begin immediate` to its end; a statement
 * outside of one waits its turn. Kysely's own driver begins deferred: two such transactions that read and then write fail
 * each other at once, without a busy timeout.
 */
class SqliteDriver implements Driver {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<SqliteConnection> {
    return new SqliteConnection(this.#file);
  }

  async beginTransaction(connection: SqliteConnection, { accessMode }: TransactionSettings): Promise<void> {
    await connection.executeQuery({ sql: accessMode === "read only" ? "begin" : "begin immediate", parameters: [] });
  }

  async commitTransaction(connection: SqliteConnection): Promise<void> {
    await connection.executeQuery({ sql: "commit", parameters: [] });
  }

  async rollbackTransaction(connection: SqliteConnection): Promise<void> {
    if (this.#file.isOwner(connection)) await connection.executeQuery({ sql: "rollback", parameters: [] });
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#file.close();
  }
}

export class SqliteConnection implements DatabaseConnection {
  readonly #file: SqliteFile;
  #inTransaction = false;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** A statement that begins a transaction takes the database for this connection, until one that ends it. */
  async executeQuery<Row>({ sql, parameters }: Pick<CompiledQuery, "sql" | "parameters">): Promise<QueryResult<Row>> {
    if (!this.#inTransaction) return this.#runWhenFree(sql, parameters);
    if (!this.#file.isOwner(this)) throw new DatabaseUnavailable("unreadable", "the transaction was rolled back");
    const result = this.#file.run(sql, parameters);
    this.#inTransaction = this.#file.inTransaction;
    return result;
  }

  /** Runs it while nobody's transaction is open, and again while another program has the database locked. */
  async #runWhenFree(sql: string, parameters: readonly unknown[]): Promise<QueryResult<never>> {
    const deadline = performance.now() + patience;
    for (;;) {
      if (!this.#file.inTransaction) {
        try {
          this.#file.follow();
          const result = this.#file.run(sql, parameters);
          this.#inTransaction = this.#file.inTransaction;
          if (this.#inTransaction) this.#file.owner = this;
          return result;
        } catch (error) {
          if (!isLocked(error) || performance.now() > deadline) throw error;
        }
      } else if (performance.now() > deadline) {
        throw new DatabaseUnavailable("locked");
      }
      await sleep(this.#file.inTransaction ? 0 : 5 + Math.random() * 20);
    }
  }

  // biome-ignore lint/correctness/useYield: Kysely asks for the method, and an open iterator would block checkpoints.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error("streaming is not supported: read in pages");
  }
}
