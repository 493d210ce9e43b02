import { open } from "node:fs/promises";
import { whileReading } from "../file-faults.ts";

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

/**
 * Reads a file line by line. However long its lines are, no more than the longest that may be is held.
 *
 * @param longest in bytes
 * @throws {OpenError} when it cannot be read
 */
export async function* linesOf(path: string, longest: number): AsyncGenerator<Line> {
  const cannot = whileReading(`cannot read ${path}`);
  const file = await open(path).catch((error: unknown) => Promise.reject(cannot(error)));
  try {
    const { size } = await file.stat();
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
    for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
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
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : cannot(error);
  } finally {
    await file.close();
  }
}

function decoded(bytes: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
