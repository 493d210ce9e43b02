import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { OpenError } from "../errors.ts";

/**
 * Writes a whole, consistent copy of an embedded database into a new file (0600), while a service may be using it. Copying
 * the file itself would lose what is still in its -wal.
 *
 * @throws {OpenError} when the file is there already, or the database cannot be read
 */
export function backUp(database: string, file: string): void {
  if (!existsSync(database)) throw new OpenError(`cannot back up ${database}: there is no such file`);
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    throw new OpenError(`cannot write ${file}: ${(error as Error).message}; name a file that is not there yet`, {
      cause: error,
    });
  }
  try {
    using db = open(database);
    db.prepare("vacuum into ?").run(file);
    verify(file);
    flush(file);
  } catch (error) {
    rmSync(file);
    throw error;
  }
}

/**
 * Puts a backup in the place of an embedded database. What was there is kept beside it.
 *
 * @returns the file that now holds what was there, if anything was
 * @throws {OpenError} when the backup is damaged or not Bienvenue's, or a service is using the database
 */
export function restore(file: string, database: string): string | undefined {
  verify(file);
  const incoming = `${database}.restoring`;
  rmSync(incoming, { force: true });
  closeSync(openSync(incoming, "wx", 0o600));
  copyFileSync(file, incoming);
  // The copy has the mode of the backup, whatever has become of that.
  chmodSync(incoming, 0o600);
  flush(incoming);
  const aside = `${database}.${new Date().toISOString().replace(/\D/g, "").slice(0, 14)}`;
  const kept = existsSync(database) ? setAside(database, incoming, aside) : undefined;
  // What a database that was killed, or is gone, has left would be replayed into this one.
  for (const end of ["-wal", "-shm"]) if (existsSync(database + end)) renameSync(database + end, aside + end);
  renameSync(incoming, database);
  flush(dirname(database));
  return kept;
}

/** Keeps what is there under another name too, so that at no moment there is nothing. */
function setAside(database: string, incoming: string, aside: string): string {
  try {
    using db = open(database);
    // Nobody else may have it open; the -wal is emptied into it, and goes with the connection.
    db.exec("pragma locking_mode = exclusive; begin exclusive; commit; pragma wal_checkpoint(truncate)");
  } catch (error) {
    if (!isDamage(error)) {
      rmSync(incoming);
      throw new OpenError(`cannot replace ${database}: something is using it; stop the service first`, {
        cause: error,
      });
    }
  }
  linkSync(database, aside);
  return aside;
}

/** Corrupt (11), or no database at all (26): what a restore is for, and nobody can be using it. */
function isDamage(error: unknown): boolean {
  return [11, 26].includes(Number((error as { errcode?: number }).errcode) & 0xff);
}

/** The file of an embedded database that outlives the process; undefined for any other. */
export function embeddedFile(url: string): string | undefined {
  const path = /^sqlite:(.+)$/.exec(url)?.[1];
  return path === ":memory:" ? undefined : path;
}

/** @throws {OpenError} unless it is whole and Bienvenue's */
function verify(file: string): void {
  try {
    using db = open(file);
    const [row] = db.prepare("pragma integrity_check").all();
    if (row?.integrity_check !== "ok") throw new Error(String(row?.integrity_check));
    db.prepare("select count(*) from users, kysely_migration where 0").get();
  } catch (error) {
    throw new OpenError(`${file} is no backup of Bienvenue's, or a damaged one`, { cause: error });
  }
}

function open(file: string): DatabaseSync {
  return new DatabaseSync(file, { timeout: 2000 });
}

/** Waits until what was written has reached the disk. */
function flush(path: string): void {
  const descriptor = openSync(path, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}
