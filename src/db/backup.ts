import { linkSync, renameSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { OpenError } from "../errors.ts";
import { readFailure, wrapErrors, writeFailure } from "../files/faults.ts";
import {
  createPrivateFile,
  type ResolvedFile,
  removeFile,
  resolveExistingFile,
  resolveFile,
  syncFile,
  syncFolder,
  unusedSibling,
} from "../files/files.ts";
import type { BackupWork, Outcome } from "./backup-worker.js";
import { companionSuffixes } from "./sqlite/companions.ts";

/**
 * Writes a consistent copy of an SQLite database to a new file (0600), even while a service uses the database. Copying only the
 * database file would lose the changes in its -wal file. The copy has a temporary name until it is checked, and is removed on
 * failure.
 *
 * @param file the path of the copy; symbolic links are followed
 * @param signal aborts the backup and removes the copy
 * @throws {OpenError} if the file already exists or cannot be written, or if the database cannot be read
 */
export async function backUp(database: string, file: string, signal?: AbortSignal): Promise<void> {
  const cannotRead = readFailure(`cannot back up ${database}`);
  const cannotWrite = writeFailure(`cannot write ${file}`);
  const source = wrapErrors(cannotRead, () => resolveExistingFile(database));
  const target = wrapErrors(cannotWrite, () => resolveNewFile(file, source));
  const temporary = unusedSibling(target, "incomplete");
  try {
    wrapErrors(cannotWrite, () => createPrivateFile(temporary));
    const { step, error } = await runInWorker({ task: "copy", database: source.path, file: temporary }, signal);
    if (error) {
      if (isMissingTableError(error)) throw cannotRead(new OpenError("it is not a Bienvenue database"));
      throw step === "read" || isCorruptionError(error) ? cannotRead(error) : cannotWrite(error);
    }
    wrapErrors(cannotWrite, () => {
      syncFile(temporary);
      renameToUnused(temporary, target);
    });
    syncFolder(target);
  } finally {
    removeFile(temporary);
  }
}

/**
 * Runs the slow part of a backup or restore in a worker thread, because this part is synchronous and the program must still
 * handle signals.
 *
 * @throws the signal's reason if aborted
 */
export async function runInWorker(work: BackupWork, signal?: AbortSignal): Promise<Outcome> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  const worker = new Worker(new URL("./backup-worker.js", import.meta.url), { workerData: work });
  worker.once("message", resolve).once("error", reject);
  try {
    return await promise;
  } finally {
    signal?.removeEventListener("abort", abort);
    // This is not awaited, because the thread ends only after its current statement.
    worker.unref();
    void worker.terminate();
  }
}

/**
 * Returns the path of a file to create.
 *
 * @throws {OpenError} if the file exists, or if SQLite would read it as part of a database
 */
function resolveNewFile(file: string, source: ResolvedFile): string {
  const { path, stats } = resolveFile(file);
  if (path === source.path) throw new OpenError("it is the database itself; choose a new file name");
  if (stats) throw new OpenError("the file already exists; choose another name");
  // SQLite would read such a file as part of the source.
  if (companionSuffixes.some((suffix) => path === source.path + suffix))
    throw new OpenError("the name is reserved for a part of the database; choose another name");
  const leftover = companionSuffixes.find((suffix) => resolveFile(path + suffix).stats);
  if (leftover) throw new OpenError(`a ${leftover} file for this name already exists; choose another name`);
  return path;
}

/** Renames the file; throws if another program has just created a file with the new name. */
function renameToUnused(temporary: string, target: string): void {
  try {
    linkSync(temporary, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" || resolveFile(target).stats) throw error;
    // The file system has no hard links.
    renameSync(temporary, target);
  }
}

/** Returns true for an SQLite error that reports a corrupt file (11) or a file that is not a database (26). */
export function isCorruptionError(error: unknown): boolean {
  return [11, 26].includes(Number((error as { errcode?: number }).errcode) & 0xff);
}

/** Returns true if an error reports that a table does not exist. */
export function isMissingTableError({ message }: { readonly message: string }): boolean {
  return message.startsWith("no such table: ");
}
