import { execFileSync, spawnSync } from "node:child_process";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk that a test can fill, with the database of a service. */
export interface Disk {
  /** The reason that this machine cannot provide the disk, or false. */
  readonly unavailable: string | false;
  /** Returns the command that mounts the disk at a folder and then starts the service. */
  wrapperFor(folder: string): string[];
  /** Converts a path of the service to the path of the same file in the test process. */
  toHostPath(pid: number, path: string): string;
  fill(pid: number, folder: string, database: string): void;
  free(pid: number, folder: string): void;
}

const inNewMounts = ["--map-root-user", "--mount", "sh", "-c"];
const mount = 'mount -t tmpfs -o size=1m tmpfs "$0"';

/** A real disk of one megabyte, in a mount namespace that ends with the process. */
export const tinyDisk: Disk = {
  unavailable: spawnSync("unshare", [...inNewMounts, mount, tmpdir()]).status !== 0 && "this user cannot mount a disk",
  wrapperFor: (folder) => ["unshare", ...inNewMounts, `${mount} && exec "$@"`, folder],
  toHostPath: (pid, path) => `/proc/${pid}/root${path}`,
  fill(pid, folder) {
    try {
      writeFileSync(tinyDisk.toHostPath(pid, join(folder, "filler")), new Uint8Array(2 ** 20));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  },
  free: (pid, folder) => rmSync(tinyDisk.toHostPath(pid, join(folder, "filler"))),
};

/** The disk of the machine. `fill` only limits the size of the files that the service writes. */
export const limitedDisk: Disk = {
  unavailable: spawnSync("prlimit", ["--version"]).status !== 0 && "prlimit is not installed",
  wrapperFor: () => [],
  toHostPath: (_, path) => path,
  fill: (pid, folder, database) => limitFileSize(pid, statSync(join(folder, `${database}-wal`)).size),
  free: (pid) => limitFileSize(pid, "unlimited"),
};

/** Limits the size of the files that a process writes. */
export function limitFileSize(pid: number, bytes: number | "unlimited"): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);
}
