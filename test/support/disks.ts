import { execFileSync, spawnSync } from "node:child_process";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk that a service's database is on, and that can be made to take nothing more. */
export interface Disk {
  /** Why a test cannot have one here. */
  readonly unavailable: string | false;
  /** The command that runs the service with the disk mounted on its folder. */
  under(folder: string): string[];
  /** Where the test finds what the service finds at a path. */
  outerPath(pid: number, path: string): string;
  fill(pid: number, folder: string, database: string): void;
  free(pid: number, folder: string): void;
}

const inNewMounts = ["--map-root-user", "--mount", "sh", "-c"];
const mount = 'mount -t tmpfs -o size=1m tmpfs "$0"';

/** A real disk of one megabyte, in mounts of the process's own that end with it. */
export const tinyDisk: Disk = {
  unavailable:
    spawnSync("unshare", [...inNewMounts, mount, tmpdir()]).status !== 0 && "this user may not mount a small disk",
  under: (folder) => ["unshare", ...inNewMounts, `${mount} && exec "$@"`, folder],
  outerPath: (pid, path) => `/proc/${pid}/root${path}`,
  fill(pid, folder) {
    try {
      writeFileSync(tinyDisk.outerPath(pid, join(folder, "filler")), new Uint8Array(2 ** 20));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  },
  free: (pid, folder) => rmSync(tinyDisk.outerPath(pid, join(folder, "filler"))),
};

/** The disk that is there, on which the process may let no file grow any more. */
export const limitedDisk: Disk = {
  unavailable: spawnSync("prlimit", ["--version"]).status !== 0 && "there is no prlimit",
  under: () => [],
  outerPath: (_, path) => path,
  fill: (pid, folder, database) => limitFiles(pid, statSync(join(folder, `${database}-wal`)).size),
  free: (pid) => limitFiles(pid, "unlimited"),
};

/** Lets a process write no file beyond so many bytes. */
export function limitFiles(pid: number, bytes: number | "unlimited"): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);
}
