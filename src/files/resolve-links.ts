import { lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { OpenError } from "../errors.ts";

/** The number of links that Linux follows. */
const maxLinks = 40;

/**
 * Resolves every symbolic link of a path to the absolute path of its file, whether or not the file exists.
 *
 * As on Linux (fs.protected_symlinks), it does not follow a link that another user has put into a folder that everyone can
 * write to: a stranger would choose which file is written.
 *
 * @throws {OpenError} for such a link, and for links that lead in a circle
 * @throws an error of the file system when the folder does not exist or cannot be entered
 */
export function resolveLinks(path: string): string {
  let current = resolve(path);
  for (let links = 0; links <= maxLinks; links++) {
    const file = join(realpathSync(dirname(current)), basename(current));
    const link = lstatSync(file, { throwIfNoEntry: false });
    if (!link?.isSymbolicLink()) return file;
    if (isUntrustedLink(link.uid, dirname(file)))
      throw new OpenError(`${file} is another user's link in a shared folder`);
    current = resolve(dirname(file), readlinkSync(file));
  }
  throw new OpenError("its links lead in a circle");
}

function isUntrustedLink(owner: number, folder: string): boolean {
  const { mode, uid } = statSync(folder);
  const isShared = (mode & 0o1002) === 0o1002;
  return isShared && owner !== uid && owner !== process.geteuid?.();
}
