import { readdirSync, readFileSync } from "node:fs";

/** Returns the ids of the processes whose temporary folder is this one or inside it. Empty on systems other than Linux. */
export function findProcesses(folder: string): number[] {
  if (process.platform !== "linux") return [];
  const isIn = (pid: string) => readEnvironment(pid).some((variable) => variable.startsWith(`TMPDIR=${folder}`));
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && isIn(name))
    .map(Number);
}

function readEnvironment(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    // The process has ended, or belongs to another user.
    return [];
  }
}
