import { readdirSync, readFileSync } from "node:fs";

/** The processes whose temporary folder is this one or inside it. Only Linux shows them; elsewhere the list is empty. */
export function processesIn(folder: string): number[] {
  if (process.platform !== "linux") return [];
  const isIn = (pid: string) => environmentOf(pid).some((variable) => variable.startsWith(`TMPDIR=${folder}`));
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && isIn(name))
    .map(Number);
}

/** The environment that the process was started with. */
function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    // It has ended, or belongs to another user.
    return [];
  }
}
