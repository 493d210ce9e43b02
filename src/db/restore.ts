import { chownSync, copyFileSync, existsSync, linkSync, renameSync, type Stats, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { OpenError } from "../errors.ts";
import { type ErrorWrapper, readFailure, wrapErrors, writeFailure } from "../files/faults.ts";
import {
  createPrivateFile,
  removeFile,
  resolveExistingFile,
  resolveFile,
  syncFile,
  syncFolder,
  unusedSibling,
} from "../files/files.ts";
import { isCorruption, isMissingTable, runInWorker } from "./backup.ts";
import { readMigrationStates } from "./open.ts";
import { companionSuffixes } from "./sqlite/companions.ts";

/**
 * Replaces an embedded database by a backup. The previous database is kept beside it, under its name with the time. If it
 * fails, everything is as before.
 *
 * @param file only read; a -wal beside it belongs to it
 * @param database its symbolic links are followed: the file behind them is replaced, they stay
 * @param signal aborts the restore before anything is replaced
 * @returns the file that was replaced, and the one that now holds the previous database, if there was one
 * @throws {OpenError} when the backup is damaged, from a much newer version or not Bienvenue's, when something is using the
 * database, and when a file cannot be read or written
 */
export async function restore(
  file: string,
  database: string,
  signal?: AbortSignal,
): Promise<{ readonly path: string; readonly kept: string | undefined }> {
  const cannotRead = readFailure(`cannot restore ${file}`);
  const cannotWrite = writeFailure(`cannot replace ${database}`);
  const backup = wrapErrors(cannotRead, () => resolveExistingFile(file));
  const target = wrapErrors(cannotWrite, () => resolveFile(database));
  if (backup.path === target.path || isSame(backup.stats, target.stats))
    throw cannotRead(new OpenError("it is the database itself"));
  if (backup.stats.size === 0) throw cannotRead(new OpenError("it is empty"));
  const incoming = unusedSibling(target.path, "restoring");
  try {
    wrapErrors(cannotWrite, () => {
      if (target.stats) requireReplaceable(target.path, target.stats);
      createPrivateFile(incoming);
      if (target.stats) requireUnused(target.path);
    });
    for (const end of ["", "-wal", "-journal"]) {
      if (end !== "" && !existsSync(backup.path + end)) continue;
      await copyTo(incoming + end, backup.path + end, { cannotRead, cannotWrite }, signal);
    }
    const { step, error } = await runInWorker({ task: "check", file: incoming }, signal);
    if (error) throw explain(error, step, file, { cannotRead, cannotWrite });
    await requireVersion(incoming, cannotRead);
    const kept = wrapErrors(cannotWrite, () => {
      if (target.stats) keepOwner(incoming, target.stats);
      syncFile(incoming);
      return exchange(incoming, target.path);
    });
    syncFolder(target.path);
    return { path: target.path, kept };
  } finally {
    for (const end of ["", ...companionSuffixes]) removeFile(incoming + end);
  }
}

/**
 * In a sticky folder, such as /tmp, a user may be able to write another user's file and link to it, but can neither replace it
 * nor remove the link (unlink(2)): a failed restore would leave the link behind.
 *
 * @throws {OpenError} for such a file
 */
function requireReplaceable(path: string, { uid }: Stats): void {
  const folder = statSync(dirname(path));
  const user = process.geteuid?.();
  const isSticky = (folder.mode & 0o1000) !== 0;
  if (isSticky && user !== undefined && ![0, uid, folder.uid].includes(user)) {
    throw new OpenError("only its owner may replace it in this folder");
  }
}

function isSame(one: Stats, other: Stats | undefined): boolean {
  return one.ino === other?.ino && one.dev === other.dev;
}

interface Explanations {
  readonly cannotRead: ErrorWrapper;
  readonly cannotWrite: ErrorWrapper;
}

/** Copies a file in pieces, so that a failure is known to be of reading or of writing, and a signal can end it in between. */
async function copyTo(path: string, from: string, { cannotRead, cannotWrite }: Explanations, signal?: AbortSignal) {
  const rethrow = (explain: ErrorWrapper) => (error: unknown) => Promise.reject(explain(error));
  await using handles = new AsyncDisposableStack();
  const opened = async (handle: Promise<FileHandle>, explain: ErrorWrapper) =>
    handles.use(await handle.catch(rethrow(explain)));
  const source = await opened(open(from, "r"), cannotRead);
  const target = await opened(open(path, "w", 0o600), cannotWrite);
  const buffer = Buffer.alloc(2 ** 20);
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await source.read(buffer, 0, buffer.length, null).catch(rethrow(cannotRead));
    if (bytesRead === 0) return;
    await target.writeFile(buffer.subarray(0, bytesRead)).catch(rethrow(cannotWrite));
  }
}

/** Attributes a failed check of a copy to the backup or to the disk that the copy is on. */
function explain(
  error: { readonly message: string; readonly errcode?: number },
  step: "read" | "write" | "check" | undefined,
  file: string,
  { cannotRead, cannotWrite }: Explanations,
): OpenError {
  if (isMissingTable(error)) return cannotRead(new OpenError("it is another program's database"));
  if (isCorruption(error))
    return new OpenError(`${file} is no backup of Bienvenue's, or a damaged one`, { cause: error });
  return step === "check" && error.errcode === undefined ? cannotRead(error) : cannotWrite(error);
}

/** @throws {OpenError} for a backup of a version that is so much newer that this one could not use it */
async function requireVersion(incoming: string, cannotRead: ErrorWrapper): Promise<void> {
  try {
    await readMigrationStates(`sqlite:${incoming}`);
  } catch (error) {
    throw cannotRead(error instanceof OpenError && error.cause instanceof OpenError ? error.cause : error);
  }
}

/** @throws {OpenError} while something else has the database open, and when this user may not write it */
function requireUnused(database: string): void {
  const url = pathToFileURL(database);
  url.search = "mode=rw";
  try {
    using db = new DatabaseSync(url, { timeout: 2000 });
    // Merges the -wal into the file; it is removed with the connection.
    db.exec("pragma locking_mode = exclusive; begin exclusive; commit; pragma wal_checkpoint(truncate)");
  } catch (error) {
    // Restoring is for damaged databases, and nobody can be using one.
    if (isCorruption(error)) return;
    const isBusy = [5, 6, 15].includes(Number((error as { errcode?: number }).errcode) & 0xff);
    throw isBusy ? new OpenError("something is using it; stop the service first", { cause: error }) : error;
  }
}

/** A service that runs as another user than root must still be able to use its database. */
function keepOwner(incoming: string, { uid, gid }: Stats): void {
  if (process.geteuid?.() === 0) chownSync(incoming, uid, gid);
}

/**
 * Replaces a database by a file. The database exists at every moment, and if a step fails, those before it are undone.
 *
 * @returns the file that now holds the previous database, if there was one
 */
function exchange(incoming: string, database: string): string | undefined {
  const aside = freeName(`${database}.${new Date().toISOString().replace(/\D/g, "").slice(0, 14)}`);
  const undo: (() => void)[] = [];
  try {
    const isThere = existsSync(database);
    if (isThere) {
      requireUnused(database);
      keep(database, aside);
      undo.push(() => removeFile(aside));
    }
    // Files left by a killed or removed database would be replayed into this one.
    for (const end of companionSuffixes.filter((end) => existsSync(database + end))) {
      renameSync(database + end, aside + end);
      undo.push(() => renameSync(aside + end, database + end));
    }
    renameSync(incoming, database);
    return isThere ? aside : undefined;
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw isMountPoint(error) ? new OpenError(mounted, { cause: error }) : error;
  }
}

const mounted =
  "it is mounted as a single file, which nothing can take the place of; mount the folder that it is in instead";

/**
 * Whether an error says that a file is a mount point, which can be neither replaced (EBUSY) nor linked to another name (EXDEV).
 */
function isMountPoint(error: unknown): boolean {
  return ["EBUSY", "EXDEV"].includes((error as NodeJS.ErrnoException).code ?? "");
}

/** Keeps the database under another name as well. */
function keep(database: string, aside: string): void {
  try {
    linkSync(database, aside);
  } catch (error) {
    if (isMountPoint(error)) throw error;
    // The file system has no hard links, or lets only the owner create them.
    createPrivateFile(aside);
    try {
      copyFileSync(database, aside);
      syncFile(aside);
    } catch (error) {
      removeFile(aside);
      throw error;
    }
  }
}

function freeName(path: string): string {
  const isFree = (name: string) => ["", ...companionSuffixes].every((end) => !existsSync(name + end));
  for (let name = path, n = 2; ; name = `${path}-${n++}`) if (isFree(name)) return name;
}
