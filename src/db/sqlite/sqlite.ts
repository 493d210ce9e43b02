import { sql } from "kysely";
import type { DatabaseFault } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import { createDialect, SqliteConnection } from "./driver.ts";
import { isLocked, resultCodeOf } from "./faults.ts";
import { SqliteFile } from "./file.ts";

/** How long to wait for another program's migration before logging the wait, in milliseconds. */
const waitLogDelay = 300;

/**
 * Creates the engine for an SQLite file, or for a new in-memory database (`:memory:`). A missing file is created with mode 0600.
 */
export function createSqliteEngine(path: string): Engine {
  const file = new SqliteFile(path);
  return {
    dialect: createDialect(file),
    read: ({ sql, parameters }) =>
      file.readNow(sql, parameters) ??
      new SqliteConnection(file).executeQuery<never>({ sql, parameters }).then(({ rows }) => rows),
    isUniqueViolation: (error, column) =>
      (resultCodeOf(error) & 0xff) === 19 && (error as Error).message === `UNIQUE constraint failed: ${column}`,
    isConflict: () => false,
    isTimeout: () => false,
    locksRows: false,
    remedy: ({ fault }) => remedies[fault] ?? "check the file",
    close: async () => file.close(),
    withoutTimeouts: (work) => work(),
    migrateExclusively,
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
    async updateSequences() {
      // Nothing to do: AUTOINCREMENT continues after the highest id.
    },
    randomText: "substr(lower(hex(randomblob(22))), 1, 43)",
    ddl: { text: "varchar(250)", serial: "integer primary key autoincrement", keyedTable: "without rowid" },
    async initialize(db) {
      await sql`pragma journal_mode = wal`.execute(db);
      file.isInitialized = true;
    },
  };
}

/**
 * Uses a write transaction, which is always exclusive. Waits for another program's migration until that ends or the signal
 * aborts.
 */
const migrateExclusively: Engine["migrateExclusively"] = async (db, work, { signal, isPending, onWait }) => {
  // If nothing is pending, the program that holds the lock is not migrating.
  const notice = isPending ? setTimeout(onWait, waitLogDelay) : undefined;
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

const remedies: Partial<Record<DatabaseFault, string>> = {
  locked: "stop the other program that uses it, or use another file",
  "read-only": "give this user write access to it, to the -wal and -shm next to it, and to its directory",
  full: "free some space on its disk",
  corrupt: "restore a backup",
  "not a database": "use another file",
  unreadable: "make sure that its directory exists, and that it is a file that this user can read",
};
