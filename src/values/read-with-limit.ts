/**
 * Reads a stream to its end, and holds no more of it than allowed: a longer one is canceled.
 *
 * @param most in bytes
 * @param tooLong makes the error that is thrown for a longer one
 */
export async function readWithLimit(
  stream: AsyncIterable<Uint8Array>,
  most: number,
  tooLong: () => Error,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > most) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
