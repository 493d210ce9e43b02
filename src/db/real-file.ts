import { lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { OpenError } from "../errors.ts";

/** As many links as Linux follows. */
const maxLinks = 40;

/**
 * The absolute path of the file that a path leads to, behind every symbolic link, whether or not the file is there.
 *
 * A link that another user has put into a folder that everyone may write is not followed, as Linux has it
 * (fs.protected_symlinks): a stranger would choose which file is written.
 *
 * @throws {OpenError} for such a link, and for one that leads in a circle
 * @throws an error of the file system when the folder is not there, or may not be entered
 */
export function realFile(path: string): string {
  let current = resolve(path);
  for (let links = 0; links <= maxLinks; links++) {
    const file = join(realpathSync(dirname(current)), basename(current));
    const link = lstatSync(file, { throwIfNoEntry: false });
    if (!link?.isSymbolicLink()) return file;
    if (isPlanted(link.uid, dirname(file))) throw new OpenError(`${file} is another user's link in a shared folder`);
    current = resolve(dirname(file), readlinkSync(file));
  }
  throw new OpenError("its links lead in a circle");
}

function isPlanted(owner: number, folder: string): boolean {
  const { mode, uid } = statSync(folder);
  const isShared = (mode & 0o1002) === 0o1002;
  return isShared && owner !== uid && owner !== process.geteuid?.();
}
