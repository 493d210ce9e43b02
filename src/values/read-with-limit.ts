/**
 * Reads a stream to its end, or cancels it and throws if it is too long.
 *
 * @param maxLength in bytes
 * @param createError creates the error to throw if the stream is longer
 */
export async function readWithLimit(
  stream: AsyncIterable<Uint8Array>,
  maxLength: number,
  createError: () => Error,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxLength) throw createError();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
