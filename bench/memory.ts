import { readFile } from "node:fs/promises";

/** What a process holds in memory (its resident set), in MB of 1,000,000 bytes; NaN where no /proc tells it. */
export async function readResidentMemory(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? Number.NaN : (Number(kibibytes) * 1024) / 1e6;
}
