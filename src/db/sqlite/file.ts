import { closeSync, openSync, statSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { QueryResult } from "kysely";
import { DatabaseUnavailable } from "../../errors.ts";
import { resolveLinks } from "../../files/resolve-links.ts";
import { isLocked, toFault } from "./faults.ts";

/** The maximum number of prepared statements. `db/` has fewer statements, unless the text of a statement varies. */
const statementLimit = 200;

/**
 * A connection to an SQLite file, with its prepared statements. It reconnects after a fault that is not temporary.
 */
export class SqliteFile {
  /**
   * True once the file is known to be a Bienvenue database. From then on, a missing file is not created again, and an empty one
   * is rejected.
   */
  isInitialized = false;
  /** The connection that began the open transaction. */
  owner: object | undefined;
  readonly #path: string;
  #db: DatabaseSync | undefined;
  /** The identities of the open files: the database, and its -wal once it exists. */
  #opened: readonly (string | undefined)[] = [];
  #closed = false;
  readonly #statements = new Map<string, { statement: StatementSync; returnsRows: boolean }>();

  constructor(path: string) {
    this.#path = path;
  }

  get inTransaction(): boolean {
    return this.#db?.isTransaction ?? false;
  }

  /**
   * Returns true if the owner's transaction is still open. SQLite itself rolls a transaction back if the disk is full or fails.
   */
  isOwner(owner: object): boolean {
    return this.inTransaction && this.owner === owner;
  }

  /** Runs a statement. Throws `DatabaseUnavailable` for a fault of the database. */
  run(sql: string, parameters: readonly unknown[] = []): QueryResult<never> {
    try {
      const { statement, returnsRows } = this.#prepare(sql);
      const values = parameters as (string | number | null)[];
      if (returnsRows) return { rows: statement.all(...values) as never[] };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    } catch (error) {
      throw this.#toDatabaseError(error);
    }
  }

  /**
   * Runs a query and returns its rows; undefined if the database is locked, or if a transaction is open, because its uncommitted
   * rows would be visible.
   */
  readNow<Row>(sql: string, parameters: readonly unknown[]): Row[] | undefined {
    if (this.inTransaction) return undefined;
    try {
      return this.run(sql, parameters).rows;
    } catch (error) {
      if (isLocked(error)) return undefined;
      throw error;
    }
  }

  /** Reconnects if the files were replaced, for example by a restore, because writes to the old files would be lost. */
  reconnectIfReplaced(): void {
    if (!this.#db || this.inTransaction || this.#path === ":memory:") return;
    const [file, wal] = this.#opened;
    const now = readIdentities(this.#path);
    if (now[0] !== file || (wal !== undefined && now[1] !== wal)) this.#disconnect();
    else this.#opened = now;
  }

  close(): void {
    this.#closed = true;
    this.#disconnect();
  }

  #prepare(sql: string) {
    const known = this.#statements.get(sql);
    if (known) return known;
    this.#db ??= this.#open();
    const statement = this.#db.prepare(sql);
    const prepared = { statement, returnsRows: statement.columns().length > 0 };
    if (this.#statements.size >= statementLimit) this.#statements.clear();
    this.#statements.set(sql, prepared);
    return prepared;
  }

  #open(): DatabaseSync {
    if (this.#closed) throw new DatabaseUnavailable("closed");
    if (!this.isInitialized) createFile(this.#path);
    const db = new DatabaseSync(toLocation(this.#path));
    try {
      db.enableDefensive(true);
      db.exec("pragma synchronous = full; pragma foreign_keys = on; pragma trusted_schema = off");
      if (this.isInitialized) {
        if (!db.prepare("select 1 from sqlite_schema").get()) throw new DatabaseUnavailable("not a database");
        db.exec("pragma journal_mode = wal");
      }
      this.#opened = readIdentities(this.#path);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  #toDatabaseError(error: unknown): unknown {
    const fault = toFault(error);
    if (fault === undefined) return error;
    const isTemporary = fault === "locked" || fault === "full" || this.#path === ":memory:";
    if (!isTemporary) this.#disconnect();
    return new DatabaseUnavailable(fault, error);
  }

  #disconnect(): void {
    this.#statements.clear();
    const db = this.#db;
    this.#db = undefined;
    if (db?.isOpen) db.close();
  }
}

/**
 * Returns the location of a database. SQLite opens an existing file there but creates none, because it would not use mode 0600.
 */
function toLocation(path: string): string | URL {
  if (path === ":memory:") return path;
  const url = pathToFileURL(path);
  url.search = "mode=rw";
  return url;
}

/** Returns device and inode of the file and its -wal; undefined for one that does not exist. */
function readIdentities(path: string): (string | undefined)[] {
  return [path, `${path}-wal`].map((name) => {
    try {
      const { dev, ino } = statSync(name);
      return `${dev}:${ino}`;
    } catch {
      return undefined;
    }
  });
}

/** Creates the file, or the missing target of a symbolic link, with mode 0600. SQLite copies that mode to the -wal and -shm. */
function createFile(path: string): void {
  if (path === ":memory:" || statSync(path, { throwIfNoEntry: false })) return;
  try {
    closeSync(openSync(resolveLinks(path), "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
