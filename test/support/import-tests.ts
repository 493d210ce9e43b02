import { globSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Imports files of tests, so that they run in this process one after the other: for most of them a process of its own would
 * take longer to load and warm up than their tests take.
 *
 * @param globs relative to the repository
 */
export async function importTests(...globs: string[]): Promise<void> {
  const files = globSync(globs, { cwd: root }).toSorted();
  for (const file of files) await import(pathToFileURL(resolve(root, file)).href);
}
