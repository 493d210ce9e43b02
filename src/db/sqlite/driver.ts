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

/** How long to retry while the database is locked, in milliseconds. */
const busyTimeout = 2000;

export function createDialect(file: SqliteFile): Dialect {
  return {
    createDriver: () => new SqliteDriver(file),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new TransactionalSqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

/**
 * Corrects two properties of Kysely's adapter:
 *
 * - It declares DDL as not transactional, so a migration would release its lock.
 * - It allows only one connection. While the database is locked, each statement would wait for the timeouts of all earlier ones.
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
 * A Kysely driver for a single connection. A transaction owns the connection from `begin immediate` to its end; other statements
 * wait. Kysely's own driver begins deferred transactions: if two of them read and then write, one fails immediately, regardless
 * of the busy timeout.
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

  /**
   * Runs a statement. A statement that begins a transaction reserves the database for this connection until the transaction ends.
   */
  async executeQuery<Row>({ sql, parameters }: Pick<CompiledQuery, "sql" | "parameters">): Promise<QueryResult<Row>> {
    if (!this.#inTransaction) return this.#runWhenFree(sql, parameters);
    if (!this.#file.isOwner(this)) throw new DatabaseUnavailable("unreadable", "the transaction was rolled back");
    const result = this.#file.run(sql, parameters);
    this.#inTransaction = this.#file.inTransaction;
    return result;
  }

  /** Runs a statement once no transaction is open. Retries it while another program has the database locked. */
  async #runWhenFree(sql: string, parameters: readonly unknown[]): Promise<QueryResult<never>> {
    const deadline = performance.now() + busyTimeout;
    for (;;) {
      if (!this.#file.inTransaction) {
        try {
          this.#file.reconnectIfReplaced();
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

  // biome-ignore lint/correctness/useYield: Kysely requires the method, but an open iterator would block checkpoints.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error("streaming is not supported: read in pages");
  }
}
