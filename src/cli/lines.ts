import { type FileHandle, open } from "node:fs/promises";
import { OpenError } from "../errors.ts";
import { readFailure } from "../files/faults.ts";

/** A line of a file. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Null for one that is longer than a line may be, or not UTF-8. */
  readonly text: string | null;
  /** Bytes of the file up to its end, and in all. */
  readonly done: number;
  readonly total: number;
}

/** A file that is open for reading. */
export interface Source extends AsyncDisposable {
  readonly path: string;
  readonly handle: FileHandle;
}

/**
 * Opens a file.
 *
 * @throws {OpenError} when it is not there, or cannot be read
 */
export async function openToRead(path: string): Promise<Source> {
  const cannot = readFailure(`cannot read ${path}`);
  const handle = await open(path).catch((error: unknown) => Promise.reject(cannot(error)));
  const source = { path, handle, [Symbol.asyncDispose]: () => handle.close() };
  if (!(await handle.stat()).isDirectory()) return source;
  await handle.close();
  throw cannot(new OpenError("it is a folder"));
}

/**
 * Reads a file line by line. However long its lines are, no more than the longest that may be is held.
 *
 * @param longest in bytes
 * @throws {OpenError} when it cannot be read
 */
export async function* linesOf({ path, handle }: Source, longest: number): AsyncGenerator<Line> {
  try {
    const { size } = await handle.stat();
    let number = 1;
    let done = 0;
    let length = 0;
    let parts: Buffer[] = [];
    const line = (end: Buffer): Line => {
      length += end.length;
      done += length;
      const text = length > longest ? null : decoded(Buffer.concat([...parts, end]));
      parts = [];
      length = 0;
      return { number: number++, text, done, total: Math.max(size, done) };
    };
    for await (const chunk of handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
        yield line(chunk.subarray(from, at + 1));
        from = at + 1;
      }
      const rest = chunk.subarray(from);
      length += rest.length;
      if (length <= longest) parts.push(rest);
    }
    if (length > 0) yield line(Buffer.alloc(0));
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : readFailure(`cannot read ${path}`)(error);
  }
}

function decoded(bytes: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
