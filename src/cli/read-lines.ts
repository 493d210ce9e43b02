import { type FileHandle, open } from "node:fs/promises";
import { OpenError } from "../errors.ts";
import { readFailure } from "../files/faults.ts";

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Null for a line that is too long or not UTF-8. */
  readonly text: string | null;
  /** Bytes read so far, including this line. */
  readonly done: number;
  /** Bytes of the file. */
  readonly total: number;
}

/** A file that is open for reading. */
export interface Source extends AsyncDisposable {
  readonly path: string;
  readonly handle: FileHandle;
}

/** @throws {OpenError} if the file does not exist or cannot be read */
export async function openSource(path: string): Promise<Source> {
  const explain = readFailure(`cannot read ${path}`);
  const handle = await open(path).catch((error: unknown) => Promise.reject(explain(error)));
  const source = { path, handle, [Symbol.asyncDispose]: () => handle.close() };
  if (!(await handle.stat()).isDirectory()) return source;
  await handle.close();
  throw explain(new OpenError("it is a folder"));
}

/**
 * Reads a file line by line. Never holds more than `maxLength` bytes and a chunk in memory, however long the lines are.
 *
 * @param maxLength in bytes
 * @throws {OpenError} if the file cannot be read
 */
export async function* readLines({ path, handle }: Source, maxLength: number): AsyncGenerator<Line> {
  try {
    const { size } = await handle.stat();
    let number = 1;
    let done = 0;
    let length = 0;
    let parts: Buffer[] = [];
    const line = (end: Buffer): Line => {
      length += end.length;
      done += length;
      const text = length > maxLength ? null : decode(Buffer.concat([...parts, end]));
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
      if (length <= maxLength) parts.push(rest);
    }
    if (length > 0) yield line(Buffer.alloc(0));
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : readFailure(`cannot read ${path}`)(error);
  }
}

/** Returns null for bytes that are not UTF-8. */
function decode(bytes: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
