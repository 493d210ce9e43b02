/** How many characters (code points) a text column holds. */
const longest = 250;

/**
 * What every database can hold of a text that a program or a stranger wrote: its first 250 characters, with U+FFFD in place
 * of NUL and of half a surrogate pair, which PostgreSQL refuses.
 *
 * @returns null for what is no text
 */
export function storable(text: unknown): string | null {
  if (typeof text !== "string") return null;
  return cut(text, longest).toWellFormed().replaceAll("\0", "\ufffd");
}

/** The first so many characters of a text, none of them halved. */
export function cut(text: string, characters: number): string {
  // A character is one or two units long.
  return text.length <= characters
    ? text
    : Array.from(text.slice(0, 2 * characters))
        .slice(0, characters)
        .join("");
}

/** Whether every database could hold this as the id of a user. */
export function isId(id: unknown): id is number {
  return typeof id === "number" && Number.isInteger(id) && Math.abs(id) < 2 ** 31;
}
