import { globSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Imports test files, so that they run in this process one after the other. Most of them would take longer to load in a separate
 * process than to run.
 *
 * @param globs relative to the repository
 */
export async function importTests(...globs: string[]): Promise<void> {
  const files = globSync(globs, { cwd: root }).toSorted();
  for (const file of files) await import(pathToFileURL(resolve(root, file)).href);
}
