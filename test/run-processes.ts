import { readdirSync, readFileSync } from "node:fs";

/** The processes whose temporary folder this one is, or one in it. Only Linux tells; elsewhere there are none. */
export function processesIn(folder: string): number[] {
  if (process.platform !== "linux") return [];
  const isIn = (pid: string) => environmentOf(pid).some((variable) => variable.startsWith(`TMPDIR=${folder}`));
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && isIn(name))
    .map(Number);
}

/** As it was when the process began. */
function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    // It has ended, or is another user's.
    return [];
  }
}
