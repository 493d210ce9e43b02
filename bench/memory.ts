import { readFile } from "node:fs/promises";

/** Returns the resident set size of a process in MB (1,000,000 bytes), or NaN on a system without /proc. */
export async function readResidentMemory(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? Number.NaN : (Number(kibibytes) * 1024) / 1e6;
}
