// Workers are written in JavaScript, because compiling TypeScript would take longer than most backups.
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";

/**
 * `copy` writes a complete copy of a database to an empty file. `check` verifies a copied backup, and merges its -wal into the file.
 *
 * @typedef {{ task: "copy", database: string, file: string } | { task: "check", file: string }} BackupWork
 */

/**
 * The failed step and the error; `{}` on success.
 *
 * @typedef {{ step?: "read" | "write" | "check", error?: { message: string, code?: string, errcode?: number } }} Outcome
 */

/** @type {Outcome["step"]} */
let step = "read";
try {
  run(workerData);
  parentPort?.postMessage({});
} catch (error) {
  const { message, code, errcode } = /** @type {{ message: string, code?: string, errcode?: number }} */ (error);
  parentPort?.postMessage({ step, error: { message, code, errcode } });
}

/** @param {BackupWork} work */
function run(work) {
  if (work.task === "copy") copy(work.database, work.file);
  step = "check";
  using db = open(work.file);
  const [row] = db.prepare("pragma integrity_check").all();
  if (row?.integrity_check !== "ok") throw new Error(`it is damaged (${row?.integrity_check})`);
  requireTables(db);
  if (work.task === "copy") return;
  step = "write";
  db.exec("pragma journal_mode = delete");
}

/**
 * @param {string} database
 * @param {string} file
 */
function copy(database, file) {
  using db = open(database);
  requireTables(db);
  step = "write";
  db.prepare("vacuum into ?").run(file);
}

/** @param {DatabaseSync} db */
function requireTables(db) {
  db.prepare("select count(*) from users, kysely_migration where 0").get();
}

/**
 * Opens an existing database file.
 *
 * @param {string} file
 */
function open(file) {
  const url = pathToFileURL(file);
  url.search = "mode=rw";
  const db = new DatabaseSync(url, { timeout: 2000 });
  db.enableDefensive(true);
  db.exec("pragma trusted_schema = off");
  return db;
}
