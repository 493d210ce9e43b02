import { lstatSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Log } from "../../observe/log.ts";
import { companionSuffixes } from "./companions.ts";

/** Read and write for the group and for others. */
const notOwners = 0o066;
const othersWrite = 0o002;
/** In such a folder only the owner of a file can remove it (mkdir(1)). */
const sticky = 0o1000;

/**
 * Warns of an embedded database that other users of the machine can read, write or replace. Bienvenue creates one for its owner
 * only; a copy, a volume or a `umask` can change that.
 *
 * @param file the path of the database; symbolic links are followed, and the files that SQLite keeps beside it are checked too
 */
export function warnOfExposure(file: string, log: Log): void {
  // Windows has no modes: Node reports the same for every file there.
  if (process.platform === "win32") return;
  const path = resolve(file);
  const target = resolveLink(path);
  const exposed = ["", ...companionSuffixes]
    .map((end) => `${target}${end}`)
    .filter((path) => (modeOf(path) & notOwners) !== 0);
  if (exposed[0] !== undefined) {
    const mode = exposed.reduce((all, path) => all | modeOf(path), 0);
    const who = (mode & 0o006) !== 0 ? "every user of this machine" : "its group";
    log.warn(
      { event: "database_exposed", file: exposed[0], mode: octal(mode) },
      `${who} can ${verbs(mode)} the database; if that is not meant, run: chmod 600 ${exposed.map(quoted).join(" ")}`,
    );
  }
  for (const folder of new Set([dirname(path), dirname(target)])) warnOfFolder(folder, log);
}

function warnOfFolder(folder: string, log: Log): void {
  const mode = modeOf(folder);
  if ((mode & othersWrite) === 0 || (mode & sticky) !== 0) return;
  log.warn(
    { event: "database_exposed", file: folder, mode: octal(mode) },
    `every user of this machine can replace the database, for they can write its folder; if that is not meant, run: chmod o-w ${quoted(folder)}`,
  );
}

function resolveLink(path: string): string {
  try {
    return lstatSync(path).isSymbolicLink() ? realpathSync(path) : path;
  } catch {
    return path;
  }
}

function verbs(mode: number): string {
  const [reads, writes] = [(mode & 0o044) !== 0, (mode & 0o022) !== 0];
  return [reads && "read", writes && "write"].filter(Boolean).join(" and ");
}

/** Quotes a path, if necessary, so that a shell reads it as one word. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

/** The mode of a file; 0 if it does not exist or cannot be examined. */
function modeOf(path: string): number {
  try {
    return statSync(path).mode;
  } catch {
    return 0;
  }
}
