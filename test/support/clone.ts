import { execFile } from "node:child_process";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Copies the files of the project that git tracks into a folder. */
export async function clone(folder: string): Promise<void> {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const { stdout } = await promisify(execFile)("git", list, { cwd: root });
  for (const file of stdout.trim().split("\n")) await cp(join(root, file), join(folder, file));
}
