import { readWithLimit } from "../values/read-with-limit.ts";
import { RequestError } from "./refusals.ts";

/** In bytes: several times the size of the largest form. */
export const maxBodySize = 16 * 1024;

/**
 * Reads the whole body, up to `maxBodySize`. A `Content-Length` over the maximum is rejected without reading; a smaller one is not
 * trusted.
 *
 * @throws {RequestError} `body_too_large`, or `body_malformed` if the client disconnected
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
