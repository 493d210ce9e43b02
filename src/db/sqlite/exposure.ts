import { lstatSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Log } from "../../observe/log.ts";
import { companionSuffixes } from "./companions.ts";

/** Read and write access for the group and for others. */
const groupAndOthers = 0o066;
const othersWrite = 0o002;
/** In a sticky directory, users cannot remove the files of other users (unlink(2)). */
const sticky = 0o1000;

/**
 * Logs a warning if other users of the machine can read, write or replace an SQLite database. Bienvenue creates the file with
 * access for its owner only, but a copy or a mounted volume can have other permissions.
 *
 * @param file the database. Symbolic links are followed, and companion files are also checked
 */
export function warnOfExposure(file: string, log: Log): void {
  // On Windows, Node's file modes do not show which users have access.
  if (process.platform === "win32") return;
  const path = resolve(file);
  const target = resolveLink(path);
  const exposed = ["", ...companionSuffixes]
    .map((end) => `${target}${end}`)
    .filter((path) => (modeOf(path) & groupAndOthers) !== 0);
  if (exposed[0] !== undefined) {
    const mode = exposed.reduce((all, path) => all | modeOf(path), 0);
    const who = (mode & 0o006) !== 0 ? "every user of this machine" : "its group";
    log.warn(
      { event: "database_exposed", file: exposed[0], mode: toOctal(mode) },
      `${who} can ${describeAccess(mode)} the database; if that is not intended, run: chmod 600 ${exposed.map(quoteForShell).join(" ")}`,
    );
  }
  for (const folder of new Set([dirname(path), dirname(target)])) warnOfFolder(folder, log);
}

function warnOfFolder(folder: string, log: Log): void {
  const mode = modeOf(folder);
  if ((mode & othersWrite) === 0 || (mode & sticky) !== 0) return;
  log.warn(
    { event: "database_exposed", file: folder, mode: toOctal(mode) },
    `every user of this machine can write to the directory of the database and replace the database; if that is not intended, run: chmod o-w ${quoteForShell(folder)}`,
  );
}

function resolveLink(path: string): string {
  try {
    return lstatSync(path).isSymbolicLink() ? realpathSync(path) : path;
  } catch {
    return path;
  }
}

function describeAccess(mode: number): string {
  const [reads, writes] = [(mode & 0o044) !== 0, (mode & 0o022) !== 0];
  return [reads && "read", writes && "write"].filter(Boolean).join(" and ");
}

/** Quotes a path for a shell, if necessary. */
function quoteForShell(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function toOctal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

/** Returns the mode of a file; 0 if the file does not exist or cannot be read. */
function modeOf(path: string): number {
  try {
    return statSync(path).mode;
  } catch {
    return 0;
  }
}
