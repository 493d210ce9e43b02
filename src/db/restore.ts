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
import { isCorruptionError, isMissingTableError, runInWorker } from "./backup.ts";
import { readMigrationStates } from "./open.ts";
import { companionSuffixes } from "./sqlite/companions.ts";

/**
 * Replaces an SQLite database with a backup. Keeps the previous database in the same directory, with the time appended to its
 * name. A failed restore changes nothing.
 *
 * @param file the backup, which stays unchanged; a -wal or -journal file next to it is part of the backup
 * @param database the database to replace; if it is a symbolic link, the target of the link is replaced
 * @param signal aborts the restore before the database is replaced
 * @returns the path of the database, and the path of the previous one if there was one
 * @throws {OpenError} if the backup is damaged or comes from a much newer version or another program, if the database is in use,
 * or if a file cannot be read or written
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
  const temporary = unusedSibling(target.path, "restoring");
  try {
    wrapErrors(cannotWrite, () => {
      if (target.stats) requireReplaceable(target.path, target.stats);
      createPrivateFile(temporary);
      if (target.stats) requireUnused(target.path);
    });
    for (const suffix of ["", "-wal", "-journal"]) {
      if (suffix !== "" && !existsSync(backup.path + suffix)) continue;
      await copyTo(temporary + suffix, backup.path + suffix, { cannotRead, cannotWrite }, signal);
    }
    const { step, error } = await runInWorker({ task: "check", file: temporary }, signal);
    if (error) throw explainCheck(error, step, file, { cannotRead, cannotWrite });
    await requireVersion(temporary, cannotRead);
    const kept = wrapErrors(cannotWrite, () => {
      if (target.stats) keepOwner(temporary, target.stats);
      syncFile(temporary);
      return replaceDatabase(temporary, target.path);
    });
    syncFolder(target.path);
    return { path: target.path, kept };
  } finally {
    for (const suffix of ["", ...companionSuffixes]) removeFile(temporary + suffix);
  }
}

/**
 * Throws if the database belongs to another user and is in a sticky directory, such as /tmp. This user may be able to write to
 * the file and link it, but cannot replace it or remove the link (unlink(2)). A failed restore would then leave the link behind.
 */
function requireReplaceable(path: string, { uid }: Stats): void {
  const folder = statSync(dirname(path));
  const user = process.geteuid?.();
  const isSticky = (folder.mode & 0o1000) !== 0;
  if (isSticky && user !== undefined && ![0, uid, folder.uid].includes(user)) {
    throw new OpenError("only its owner can replace it in this directory");
  }
}

function isSame(one: Stats, other: Stats | undefined): boolean {
  return one.ino === other?.ino && one.dev === other.dev;
}

interface Explanations {
  readonly cannotRead: ErrorWrapper;
  readonly cannotWrite: ErrorWrapper;
}

/** Copies a file in chunks, to distinguish read errors from write errors and to check the signal between chunks. */
async function copyTo(path: string, from: string, { cannotRead, cannotWrite }: Explanations, signal?: AbortSignal) {
  const rethrow = (explain: ErrorWrapper) => (error: unknown) => Promise.reject(explain(error));
  await using handles = new AsyncDisposableStack();
  const openFile = async (handle: Promise<FileHandle>, explain: ErrorWrapper) =>
    handles.use(await handle.catch(rethrow(explain)));
  const source = await openFile(open(from, "r"), cannotRead);
  const target = await openFile(open(path, "w", 0o600), cannotWrite);
  const buffer = Buffer.alloc(2 ** 20);
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await source.read(buffer, 0, buffer.length, null).catch(rethrow(cannotRead));
    if (bytesRead === 0) return;
    await target.writeFile(buffer.subarray(0, bytesRead)).catch(rethrow(cannotWrite));
  }
}

/** Returns the error for a failed check. The cause is either the backup or the disk that holds the copy. */
function explainCheck(
  error: { readonly message: string; readonly errcode?: number },
  step: "read" | "write" | "check" | undefined,
  file: string,
  { cannotRead, cannotWrite }: Explanations,
): OpenError {
  if (isMissingTableError(error)) return cannotRead(new OpenError("it is a database of another program"));
  if (isCorruptionError(error)) return new OpenError(`${file} is damaged, or not a Bienvenue backup`, { cause: error });
  return step === "check" && error.errcode === undefined ? cannotRead(error) : cannotWrite(error);
}

/** @throws {OpenError} if the backup is from a version that is too new for this one */
async function requireVersion(temporary: string, cannotRead: ErrorWrapper): Promise<void> {
  try {
    await readMigrationStates(`sqlite:${temporary}`);
  } catch (error) {
    throw cannotRead(error instanceof OpenError && error.cause instanceof OpenError ? error.cause : error);
  }
}

/** @throws {OpenError} if another program has the database open, or if this user cannot write to it */
function requireUnused(database: string): void {
  const url = pathToFileURL(database);
  url.search = "mode=rw";
  try {
    using db = new DatabaseSync(url, { timeout: 2000 });
    // Merges the -wal file into the database. Closing the connection removes the -wal file.
    db.exec("pragma locking_mode = exclusive; begin exclusive; commit; pragma wal_checkpoint(truncate)");
  } catch (error) {
    // A damaged database may be replaced: no program can be using it.
    if (isCorruptionError(error)) return;
    const isBusy = [5, 6, 15].includes(Number((error as { errcode?: number }).errcode) & 0xff);
    throw isBusy ? new OpenError("it is in use; stop the service first", { cause: error }) : error;
  }
}

/**
 * Keeps the owner of the database if root restores it, so that a service that runs as another user can still use the database.
 */
function keepOwner(temporary: string, { uid, gid }: Stats): void {
  if (process.geteuid?.() === 0) chownSync(temporary, uid, gid);
}

/**
 * Replaces the database with the temporary file. There is a database at the path at every moment. If a step fails, the previous
 * steps are undone.
 *
 * @returns the path of the previous database, if there was one
 */
function replaceDatabase(temporary: string, database: string): string | undefined {
  const previous = findFreeName(`${database}.${new Date().toISOString().replace(/\D/g, "").slice(0, 14)}`);
  const undo: (() => void)[] = [];
  try {
    const exists = existsSync(database);
    if (exists) {
      requireUnused(database);
      linkOrCopy(database, previous);
      undo.push(() => removeFile(previous));
    }
    // SQLite would apply leftover files of a killed or removed database to the new one.
    for (const suffix of companionSuffixes.filter((suffix) => existsSync(database + suffix))) {
      renameSync(database + suffix, previous + suffix);
      undo.push(() => renameSync(previous + suffix, database + suffix));
    }
    renameSync(temporary, database);
    return exists ? previous : undefined;
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw isMountPointError(error) ? new OpenError(mounted, { cause: error }) : error;
  }
}

const mounted = "it is mounted as a single file, which cannot be replaced; mount its directory instead";

/** Returns true if an error reports that a file is a mount point, which cannot be replaced (EBUSY) or linked (EXDEV). */
function isMountPointError(error: unknown): boolean {
  return ["EBUSY", "EXDEV"].includes((error as NodeJS.ErrnoException).code ?? "");
}

/** Links the database to a second name, or copies it if it cannot be linked. */
function linkOrCopy(database: string, previous: string): void {
  try {
    linkSync(database, previous);
  } catch (error) {
    if (isMountPointError(error)) throw error;
    // The file system has no hard links, or allows only the owner to create them.
    createPrivateFile(previous);
    try {
      copyFileSync(database, previous);
      syncFile(previous);
    } catch (error) {
      removeFile(previous);
      throw error;
    }
  }
}

function findFreeName(path: string): string {
  const isFree = (name: string) => ["", ...companionSuffixes].every((suffix) => !existsSync(name + suffix));
  for (let name = path, n = 2; ; name = `${path}-${n++}`) if (isFree(name)) return name;
}
