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
 * Writes a complete, consistent copy of an embedded database into a new file (0600), even while a service uses it. Copying the
 * file itself would lose what is still in its -wal. The copy has a temporary name until it is checked; if it fails, nothing is
 * left.
 *
 * @param file its symbolic links are followed
 * @param signal aborts the backup and removes what was written
 * @throws {OpenError} when the file exists already or cannot be written, or the database cannot be read
 */
export async function backUp(database: string, file: string, signal?: AbortSignal): Promise<void> {
  const cannotRead = readFailure(`cannot back up ${database}`);
  const cannotWrite = writeFailure(`cannot write ${file}`);
  const source = wrapErrors(cannotRead, () => resolveExistingFile(database));
  const target = wrapErrors(cannotWrite, () => locateNew(file, source));
  const incoming = unusedSibling(target, "incomplete");
  try {
    wrapErrors(cannotWrite, () => createPrivateFile(incoming));
    const { step, error } = await runInWorker({ task: "copy", database: source.path, file: incoming }, signal);
    if (error) {
      if (isMissingTable(error)) throw cannotRead(new OpenError("it is no database of Bienvenue's"));
      throw step === "read" || isCorruption(error) ? cannotRead(error) : cannotWrite(error);
    }
    wrapErrors(cannotWrite, () => {
      syncFile(incoming);
      publish(incoming, target);
    });
    syncFolder(target);
  } finally {
    removeFile(incoming);
  }
}

/**
 * Runs the slow part of a backup on a thread of its own: SQLite does it in one call, and the program must still react to
 * signals meanwhile.
 *
 * @throws the signal's reason
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
    // Not awaited: the thread ends once the running statement does.
    worker.unref();
    void worker.terminate();
  }
}

/** The location of a new file, which must not exist yet. */
function locateNew(file: string, source: ResolvedFile): string {
  const { path, stats } = resolveFile(file);
  if (path === source.path) throw new OpenError("it is the database itself; name a file that is not there yet");
  if (stats) throw new OpenError("it is there already; name a file that is not there yet");
  // SQLite would read such a file as part of the other database.
  if (companionSuffixes.some((end) => path === source.path + end))
    throw new OpenError("its name is that of a part of the database; choose another");
  const left = companionSuffixes.find((end) => resolveFile(path + end).stats);
  if (left) throw new OpenError(`a ${left} file of another database is beside it; choose another name`);
  return path;
}

/** Gives a file its final name, unless another file has it by now. */
function publish(incoming: string, target: string): void {
  try {
    linkSync(incoming, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" || resolveFile(target).stats) throw error;
    // A file system without hard links.
    renameSync(incoming, target);
  }
}

/** Whether an SQLite error says that a file is corrupt (11) or not a database (26). */
export function isCorruption(error: unknown): boolean {
  return [11, 26].includes(Number((error as { errcode?: number }).errcode) & 0xff);
}

/** Whether an error says that a file lacks a table that every database of Bienvenue has. */
export function isMissingTable({ message }: { readonly message: string }): boolean {
  return message.startsWith("no such table: ");
}
