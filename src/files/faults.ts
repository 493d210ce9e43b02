import { OpenError } from "../errors.ts";

export type ErrorWrapper = (error: unknown) => OpenError;

/** Returns a function that wraps an error of reading a file, with a message such as `cannot restore a.db: the file does not exist`. */
export function readFailure(message: string): ErrorWrapper {
  return (error) => new OpenError(`${message}: ${describeReadError(error)}`, { cause: error });
}

/** Like `readFailure`, for creating or replacing a file, which fails if the folder is missing or read-only. */
export function writeFailure(message: string): ErrorWrapper {
  const words = { ENOENT: "the folder does not exist", EACCES: "this user cannot write to the folder" };
  return (error) => new OpenError(`${message}: ${describeError(error, words)}`, { cause: error });
}

/** Describes why a file cannot be read, such as `the file does not exist`. */
export function describeReadError(error: unknown): string {
  return describeError(error, { ENOENT: "the file does not exist", EACCES: "this user cannot read the file" });
}

export function wrapErrors<T>(wrap: ErrorWrapper, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw wrap(error);
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
  EBUSY: "it is in use",
  EEXIST: "the file already exists; choose another name",
  EFBIG: "the file is too large for the disk",
  EIO: "the disk failed (input/output error)",
  EISDIR: "it is a folder",
  ELOOP: "its symbolic links form a loop",
  ENAMETOOLONG: "the file name is too long",
  ENOSPC: "the disk is full",
  ENOTDIR: "part of the path is a file, not a folder",
  EROFS: "the disk is read-only",
};

const accessDenied = "this user cannot read and write the file";

const sqliteFaults: Readonly<Record<number, string>> = {
  3: accessDenied,
  5: "it is in use",
  6: "it is in use",
  8: accessDenied,
  10: "the disk failed (input/output error)",
  11: "it is damaged",
  13: "the disk is full",
  14: accessDenied,
  15: "it is in use",
  26: "it is not an SQLite database",
};
