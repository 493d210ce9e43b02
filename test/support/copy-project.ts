import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Copies the project into a folder, without the files that git ignores. */
export async function copyProject(folder: string): Promise<void> {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const { stdout } = await promisify(execFile)("git", list, { cwd: root });
  const files = stdout.trim().split("\n");
  for (const directory of new Set(files.map(dirname))) mkdirSync(join(folder, directory), { recursive: true });
  for (const file of files) copyFileSync(join(root, file), join(folder, file));
}
