import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Prints the described answers that no test has seen, if the tests were run with `preload.ts`. Waits until that is done. */
export function reportUnseenAnswers(file: string): void {
  if (!existsSync(file)) return;
  spawnSync(process.execPath, [fileURLToPath(new URL("unseen.ts", import.meta.url)), file], { stdio: "inherit" });
}
