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
  sql,
  type TransactionSettings,
} from "kysely";
import { type DatabaseFault, DatabaseUnavailable } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import { isLocked, resultCode, SqliteFile } from "./sqlite-file.ts";

/** How long a busy database is tried again before the caller is told, in milliseconds. */
const patience = 2000;
/** After how long a wait for another program's migration is said, in milliseconds. */
const waitNotice = 300;

/** Opens an SQLite file, created with permissions 0600 when it is not there; `:memory:` is a database of its own. */
export function sqlite(path: string): Engine {
  const file = new SqliteFile(path);
  return {
    dialect: dialect(file),
    read: ({ sql, parameters }) =>
      file.readNow(sql, parameters) ??
      new SqliteConnection(file).executeQuery<never>({ sql, parameters }).then(({ rows }) => rows),
    isUniqueViolation: (error, column) =>
      (resultCode(error) & 0xff) === 19 && (error as Error).message === `UNIQUE constraint failed: ${column}`,
    isConflict: () => false,
    isTimeout: () => false,
    locksRows: false,
    mend: ({ fault }) => mends[fault] ?? "look at the file",
    close: async () => file.close(),
    unhurried: (work) => work(),
    migrateAlone,
    schemaName: async () => undefined,
    async insertJson(db, table, columns, json) {
      const values = columns.map((column) => sql`json_extract(value, ${sql.lit(`$.${column}`)})`);
      const into = sql`insert into ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))})`;
      await sql`${into} select ${sql.join(values)} from json_each(${json})`.execute(db);
    },
    jsonTable(columns, json) {
      const values = Object.keys(columns).map(
        (name) => sql`json_extract(value, ${sql.lit(`$.${name}`)}) as ${sql.ref(name)}`,
      );
      return sql`select ${sql.join(values)} from json_each(${json})`;
    },
    async continueSerials() {
      // AUTOINCREMENT follows every id that is inserted.
    },
    randomText: "substr(lower(hex(randomblob(22))), 1, 43)",
    ddl: { text: "varchar(250)", serial: "integer primary key autoincrement", keyedTable: "without rowid" },
    async adopt(db) {
      await sql`pragma journal_mode = wal`.execute(db);
      file.adopted = true;
    },
  };
}

/** Every transaction that writes begins alone. For a migration of another program it waits longer than others do. */
const migrateAlone: Engine["migrateAlone"] = async (db, work, { signal, isPending, waiting }) => {
  // If there is nothing to migrate, the program that holds the lock does something else.
  const notice = isPending ? setTimeout(waiting, waitNotice) : undefined;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => {});
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  let isAlone = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const attempt = db.transaction().execute((transaction) => {
        isAlone = true;
        clearTimeout(notice);
        return work(transaction);
      });
      try {
        return await Promise.race([attempt, aborted]);
      } catch (error) {
        if (isAlone || !isPending || !isLocked(error)) throw error;
      }
    }
  } finally {
    clearTimeout(notice);
    signal?.removeEventListener("abort", abort);
  }
};

function dialect(file: SqliteFile): Dialect {
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
    await connection.begin(accessMode === "read only" ? "begin" : "begin immediate");
  }

  async commitTransaction(connection: SqliteConnection): Promise<void> {
    await connection.end("commit");
  }

  async rollbackTransaction(connection: SqliteConnection): Promise<void> {
    if (this.#file.isOwner(connection)) await connection.end("rollback");
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#file.close();
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #file: SqliteFile;
  #inTransaction = false;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async begin(statement: "begin" | "begin immediate"): Promise<void> {
    await this.#whenFree(() => this.#file.begin(this, statement));
    this.#inTransaction = true;
  }

  async end(statement: "commit" | "rollback"): Promise<void> {
    await this.executeQuery({ sql: statement, parameters: [] });
    this.#inTransaction = false;
  }

  async executeQuery<Row>({ sql, parameters }: Pick<CompiledQuery, "sql" | "parameters">): Promise<QueryResult<Row>> {
    if (!this.#inTransaction) return this.#whenFree(() => this.#file.run(sql, parameters));
    if (!this.#file.isOwner(this)) throw new DatabaseUnavailable("unreadable", "the transaction was rolled back");
    return this.#file.run(sql, parameters);
  }

  /** Attempts it while nobody's transaction is open, and again while another program has the database locked. */
  async #whenFree<T>(attempt: () => T): Promise<T> {
    const deadline = performance.now() + patience;
    for (;;) {
      if (!this.#file.inTransaction) {
        try {
          this.#file.follow();
          return attempt();
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

const mends: Partial<Record<DatabaseFault, string>> = {
  locked: "another program holds it; stop that one, or name another",
  "read-only": "give this user the right to write it, the -wal and -shm beside it, and its folder",
  full: "its disk is full; free some room",
  corrupt: "it is damaged; restore a backup",
  "not a database": "this file is something else; name another",
  unreadable: "make sure that its folder exists, and that it is a file which this user may read",
};
