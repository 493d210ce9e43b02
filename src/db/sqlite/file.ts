import { closeSync, openSync, statSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { QueryResult } from "kysely";
import { DatabaseUnavailable } from "../../errors.ts";
import { resolveLinks } from "../../files/resolve-links.ts";
import { faultOf, isLocked } from "./faults.ts";

/** Enough for every statement of ours; a bound in case one is made of changing parts. */
const statementLimit = 200;

/** One connection, and the statements prepared on it. It reopens after a fault that a mended file would not heal. */
export class SqliteFile {
  /** Whether the file is Bienvenue's: it is then never created anew, nor is an empty one taken for it. */
  isInitialized = false;
  /** Whose the transaction is. */
  owner: object | undefined;
  readonly #path: string;
  #db: DatabaseSync | undefined;
  /** Which files are open: the database, and its -wal as soon as there is one. */
  #opened: readonly (string | undefined)[] = [];
  #closed = false;
  readonly #statements = new Map<string, { statement: StatementSync; reads: boolean }>();

  constructor(path: string) {
    this.#path = path;
  }

  get inTransaction(): boolean {
    return this.#db?.isTransaction ?? false;
  }

  /** Whether the transaction is this one's: SQLite rolls back by itself after a full disk or an input/output error. */
  isOwner(owner: object): boolean {
    return this.inTransaction && this.owner === owner;
  }

  /** Runs one statement; a fault of the database becomes `DatabaseUnavailable`. */
  run(sql: string, parameters: readonly unknown[] = []): QueryResult<never> {
    try {
      const { statement, reads } = this.#prepare(sql);
      const values = parameters as (string | number | null)[];
      if (reads) return { rows: statement.all(...values) as never[] };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    } catch (error) {
      throw this.#told(error);
    }
  }

  /** The rows of a read, or `undefined` when a transaction is open (they would not be committed) or it is busy. */
  readNow<Row>(sql: string, parameters: readonly unknown[]): Row[] | undefined {
    if (this.inTransaction) return undefined;
    try {
      return this.run(sql, parameters).rows;
    } catch (error) {
      if (isLocked(error)) return undefined;
      throw error;
    }
  }

  /**
   * Opens the files that are there now if they are others, such as a backup that was put in their place: what was written
   * to the old ones would be lost.
   */
  follow(): void {
    if (!this.#db || this.inTransaction || this.#path === ":memory:") return;
    const [file, wal] = this.#opened;
    const now = identities(this.#path);
    if (now[0] !== file || (wal !== undefined && now[1] !== wal)) this.#forget();
    else this.#opened = now;
  }

  close(): void {
    this.#closed = true;
    this.#forget();
  }

  #prepare(sql: string) {
    const known = this.#statements.get(sql);
    if (known) return known;
    this.#db ??= this.#open();
    const statement = this.#db.prepare(sql);
    const prepared = { statement, reads: statement.columns().length > 0 };
    if (this.#statements.size >= statementLimit) this.#statements.clear();
    this.#statements.set(sql, prepared);
    return prepared;
  }

  #open(): DatabaseSync {
    if (this.#closed) throw new DatabaseUnavailable("closed");
    if (!this.isInitialized) createPrivately(this.#path);
    const db = new DatabaseSync(location(this.#path));
    try {
      db.enableDefensive(true);
      db.exec("pragma synchronous = full; pragma foreign_keys = on; pragma trusted_schema = off");
      if (this.isInitialized) {
        if (!db.prepare("select 1 from sqlite_schema").get()) throw new DatabaseUnavailable("not a database");
        db.exec("pragma journal_mode = wal");
      }
      this.#opened = identities(this.#path);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  #told(error: unknown): unknown {
    const fault = faultOf(error);
    if (fault === undefined) return error;
    const heals = fault === "locked" || fault === "full" || this.#path === ":memory:";
    if (!heals) this.#forget();
    return new DatabaseUnavailable(fault, error);
  }

  #forget(): void {
    this.#statements.clear();
    const db = this.#db;
    this.#db = undefined;
    if (db?.isOpen) db.close();
  }
}

/** Never creates: SQLite would with the mode that the umask leaves. */
function location(path: string): string | URL {
  if (path === ":memory:") return path;
  const url = pathToFileURL(path);
  url.search = "mode=rw";
  return url;
}

/** The file and its -wal as the disk knows them, whatever they are called by now; undefined for one that is not there. */
function identities(path: string): (string | undefined)[] {
  return [path, `${path}-wal`].map((name) => {
    try {
      const { dev, ino } = statSync(name);
      return `${dev}:${ino}`;
    } catch {
      return undefined;
    }
  });
}

/** The -wal and -shm files beside it copy the mode of the file. Behind a link that leads to no file yet, the file is made there. */
function createPrivately(path: string): void {
  if (path === ":memory:" || statSync(path, { throwIfNoEntry: false })) return;
  try {
    closeSync(openSync(resolveLinks(path), "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
