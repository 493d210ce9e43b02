import { lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { OpenError } from "../errors.ts";

/** The maximum number of links to follow, as in Linux. */
const maxLinks = 40;

/**
 * Resolves every symbolic link of a path and returns the absolute path of the file, which need not exist.
 *
 * Rejects links of other users in folders that everyone can write to, as Linux does (fs.protected_symlinks): otherwise, another
 * user could choose which file is written.
 *
 * @throws {OpenError} if a link is rejected, or links form a loop
 * @throws {NodeJS.ErrnoException} if the folder does not exist or cannot be entered
 */
export function resolveLinks(path: string): string {
  let current = resolve(path);
  for (let links = 0; links <= maxLinks; links++) {
    const file = join(realpathSync(dirname(current)), basename(current));
    const link = lstatSync(file, { throwIfNoEntry: false });
    if (!link?.isSymbolicLink()) return file;
    if (isUntrustedLink(link.uid, dirname(file)))
      throw new OpenError(`${file} is a symbolic link of another user in a shared folder`);
    current = resolve(dirname(file), readlinkSync(file));
  }
  throw new OpenError("its symbolic links form a loop");
}

function isUntrustedLink(owner: number, folder: string): boolean {
  const { mode, uid } = statSync(folder);
  const isShared = (mode & 0o1002) === 0o1002;
  return isShared && owner !== uid && owner !== process.geteuid?.();
}
