import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, rmSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { OpenError } from "../errors.ts";
import { resolveLinks } from "./resolve-links.ts";

/** A file with its symbolic links resolved. `stats` is undefined if it does not exist yet. */
export interface ResolvedFile {
  readonly path: string;
  readonly stats: Stats | undefined;
}

/**
 * Resolves the path of a file, which need not exist.
 *
 * @throws {OpenError} for a folder, a device or a pipe
 */
export function resolveFile(path: string): ResolvedFile {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) throw new OpenError("it is a folder");
  if (stats && !stats.isFile()) throw new OpenError("it is a device or a pipe, not a file");
  return { path: resolveLinks(path), stats };
}

/**
 * Resolves the path of an existing file.
 *
 * @throws {OpenError} when it does not exist
 */
export function resolveExistingFile(path: string): { readonly path: string; readonly stats: Stats } {
  const { path: file, stats } = resolveFile(path);
  if (!stats) throw new OpenError("there is no such file");
  return { path: file, stats };
}

/** An unused name beside a file. */
export function unusedSibling(path: string, end: string): string {
  return `${path}.${randomBytes(4).toString("hex")}.${end}`;
}

/** Creates an empty file that only its owner can read. */
export function createPrivateFile(path: string): void {
  closeSync(openSync(path, "wx", 0o600));
}

/** Removes a file if it exists. Callers are handling another failure, so this one is ignored. */
export function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The folder or its disk is gone.
  }
}

/** Waits until a file's content has reached the disk. */
export function syncFile(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Waits until a file's name has reached the disk, if the file system supports that for folders. */
export function syncFolder(path: string): void {
  try {
    syncFile(dirname(path));
  } catch {
    // Windows and some network file systems do not support it; the name exists all the same.
  }
}
