import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, rmSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { OpenError } from "../errors.ts";
import { realFile } from "./real-file.ts";

/** A file behind every link. `stats` is undefined where there is none yet. */
export interface Located {
  readonly path: string;
  readonly stats: Stats | undefined;
}

/**
 * Finds a file, or where it would be.
 *
 * @throws {OpenError} for a folder, a device or a pipe
 */
export function locate(path: string): Located {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) throw new OpenError("it is a folder");
  if (stats && !stats.isFile()) throw new OpenError("it is a device or a pipe, not a file");
  return { path: realFile(path), stats };
}

/**
 * Finds a file that is there.
 *
 * @throws {OpenError} when there is none
 */
export function locatePresent(path: string): { readonly path: string; readonly stats: Stats } {
  const { path: file, stats } = locate(path);
  if (!stats) throw new OpenError("there is no such file");
  return { path: file, stats };
}

/** A name beside a file that nothing else has. */
export function nameBeside(path: string, end: string): string {
  return `${path}.${randomBytes(4).toString("hex")}.${end}`;
}

/** Makes an empty file that only its owner may read. */
export function createPrivate(path: string): void {
  closeSync(openSync(path, "wx", 0o600));
}

/** Removes a file if it is there. It is called on the way out of a failure, which it must not hide. */
export function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The folder went away, or its disk.
  }
}

/** Waits until what was written has reached the disk. */
export function flush(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Waits until a file's name has reached the disk, where the file system can do that for a folder. */
export function flushName(path: string): void {
  try {
    flush(dirname(path));
  } catch {
    // Not on Windows, nor on every network's file system: the name is there all the same.
  }
}
