import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, rmSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { OpenError } from "../errors.ts";
import { resolveLinks } from "./resolve-links.ts";

/** A file with its symbolic links resolved. `stats` is undefined if the file does not exist. */
export interface ResolvedFile {
  readonly path: string;
  readonly stats: Stats | undefined;
}

/**
 * Resolves the symbolic links of a path. The file need not exist.
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
 * Resolves the symbolic links of an existing file.
 *
 * @throws {OpenError} if the file does not exist
 */
export function resolveExistingFile(path: string): { readonly path: string; readonly stats: Stats } {
  const { path: file, stats } = resolveFile(path);
  if (!stats) throw new OpenError("the file does not exist");
  return { path: file, stats };
}

/** Returns an unused path in the same folder. */
export function unusedSibling(path: string, extension: string): string {
  return `${path}.${randomBytes(4).toString("hex")}.${extension}`;
}

/** Creates an empty file that only its owner can read and write. */
export function createPrivateFile(path: string): void {
  closeSync(openSync(path, "wx", 0o600));
}

/** Removes a file if it exists. Ignores errors, because callers are handling an earlier one. */
export function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // For example, the disk was removed.
  }
}

/** Waits until the content of a file is on the disk. */
export function syncFile(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Waits until the folder entry of a file is on the disk, if the file system supports it. */
export function syncFolder(path: string): void {
  try {
    syncFile(dirname(path));
  } catch {
    // Windows and some network file systems cannot sync a folder. The file exists nevertheless.
  }
}
