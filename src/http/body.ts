import { readWithLimit } from "../values/read-with-limit.ts";
import { RequestError } from "./refusals.ts";

/** 16 KiB: several times what the longest sensible form takes. */
export const maxBodySize = 16 * 1024;

/**
 * Reads a body whole, and no further than allowed: what a header says of its length is believed only when it is too much.
 *
 * @throws {RequestError} `body_too_large`, or `body_malformed` for one whose sender went away
 */
export async function readBody(request: Request): Promise<Uint8Array> {
  const tooLarge = () => new RequestError("body_too_large", `the body is over ${maxBodySize} bytes`);
  if (Number(request.headers.get("Content-Length")) > maxBodySize) throw tooLarge();
  if (!request.body) return new Uint8Array();
  try {
    return await readWithLimit(request.body, maxBodySize, tooLarge);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError("body_malformed", "the body is incomplete");
  }
}
