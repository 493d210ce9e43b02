import { type DatabaseFault, DatabaseUnavailable } from "../../errors.ts";

const unreadable = ["ENOENT", "ENOTDIR", "EISDIR", "EIO", "ELOOP", "ENAMETOOLONG", "ENXIO"];

const faults: Record<number, DatabaseFault> = {
  5: "locked",
  6: "locked",
  8: "read-only",
  10: "unreadable",
  11: "corrupt",
  13: "full",
  14: "unreadable",
  15: "locked",
  26: "not a database",
};

/** Returns SQLite's extended result code (https://sqlite.org/rescode.html). The low byte is the primary result code. */
export function resultCodeOf(error: unknown): number {
  return Number((error as { errcode?: number } | null)?.errcode ?? 0);
}

export function toFault(error: unknown): DatabaseFault | undefined {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === "ENOSPC") return "full";
  if (code === "EROFS" || code === "EACCES" || code === "EPERM") return "read-only";
  if (code !== undefined && unreadable.includes(code)) return "unreadable";
  return faults[resultCodeOf(error) & 0xff];
}

/** Returns true if another program has the database locked, so that a retry may succeed. */
export function isLocked(error: unknown): boolean {
  return error instanceof DatabaseUnavailable && error.fault === "locked";
}
