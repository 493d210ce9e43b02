import { sql } from "kysely";
import type { DatabaseFault } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import { dialect, SqliteConnection } from "./driver.ts";
import { isLocked, resultCode } from "./faults.ts";
import { SqliteFile } from "./file.ts";

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
    remedy: ({ fault }) => remedies[fault] ?? "look at the file",
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
      // AUTOINCREMENT follows every id that is inserted.
    },
    randomText: "substr(lower(hex(randomblob(22))), 1, 43)",
    ddl: { text: "varchar(250)", serial: "integer primary key autoincrement", keyedTable: "without rowid" },
    async initialize(db) {
      await sql`pragma journal_mode = wal`.execute(db);
      file.isInitialized = true;
    },
  };
}

/** Every transaction that writes begins alone. For a migration of another program it waits longer than others do. */
const migrateExclusively: Engine["migrateExclusively"] = async (db, work, { signal, isPending, onWait }) => {
  // If there is nothing to migrate, the program that holds the lock does something else.
  const notice = isPending ? setTimeout(onWait, waitNotice) : undefined;
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
  locked: "another program holds it; stop that one, or name another",
  "read-only": "give this user the right to write it, the -wal and -shm beside it, and its folder",
  full: "its disk is full; free some room",
  corrupt: "it is damaged; restore a backup",
  "not a database": "this file is something else; name another",
  unreadable: "make sure that its folder exists, and that it is a file which this user may read",
};
