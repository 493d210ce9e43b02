import { OpenError } from "../errors.ts";

/** Wraps an error in one that says what was done, and why it failed. */
export type ErrorWrapper = (error: unknown) => OpenError;

/** Explains failures to read a file, such as `cannot restore a.db: there is no such file`. */
export function readFailure(doing: string): ErrorWrapper {
  return (error) => new OpenError(`${doing}: ${describeReadError(error)}`, { cause: error });
}

/** Explains failures to create or replace a file: then it is the folder that is missing or not writable. */
export function writeFailure(doing: string): ErrorWrapper {
  const words = { ENOENT: "there is no such folder", EACCES: "this user may not write into its folder" };
  return (error) => new OpenError(`${doing}: ${describeError(error, words)}`, { cause: error });
}

/** Why a file could not be read, such as `there is no such file`. */
export function describeReadError(error: unknown): string {
  return describeError(error, { ENOENT: "there is no such file", EACCES: "this user may not read it" });
}

/** Runs work, and explains its failure. */
export function wrapErrors<T>(explain: ErrorWrapper, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explain(error);
  }
}

function describeError(error: unknown, { ENOENT, EACCES }: { ENOENT: string; EACCES: string }): string {
  if (error instanceof OpenError) return error.message;
  const { code = "", errno, errcode, message } = error as NodeJS.ErrnoException & { errcode?: number };
  // https://sqlite.org/rescode.html: the low byte is the primary code. Node has no name for Linux's EDQUOT (122).
  return (
    { ...systemFaults, ENOENT, EACCES, EPERM: EACCES }[code] ??
    (errno === -122 ? systemFaults.ENOSPC : undefined) ??
    sqliteFaults[Number(errcode) & 0xff] ??
    message
  );
}

const systemFaults: Readonly<Record<string, string>> = {
  EBUSY: "something is using it",
  EEXIST: "it is there already; name a file that is not there yet",
  EFBIG: "the disk takes no file of this size",
  EIO: "the disk failed (input/output error)",
  EISDIR: "it is a folder",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "its name is too long",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of its path is a file, not a folder",
  EROFS: "the disk is read-only",
};

const accessDenied = "this user may not read and write it";

const sqliteFaults: Readonly<Record<number, string>> = {
  3: accessDenied,
  5: "something is using it",
  6: "something is using it",
  8: accessDenied,
  10: "the disk failed (input/output error)",
  11: "it is damaged",
  13: "the disk is full",
  14: accessDenied,
  15: "something is using it",
  26: "it is no SQLite database",
};
