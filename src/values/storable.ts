/** The size of a text column, in characters (code points). */
const maxLength = 250;

/**
 * Converts any text to one that every database can store: truncates it to 250 characters, and replaces NUL and lone surrogates,
 * which PostgreSQL rejects, by U+FFFD.
 *
 * @returns null if the value is not text
 */
export function toStorableText(text: unknown): string | null {
  if (typeof text !== "string") return null;
  return truncate(text, maxLength).toWellFormed().replaceAll("\0", "\ufffd");
}

/** Returns the first characters (code points) of a text. */
export function truncate(text: string, maxCharacters: number): string {
  // A character has one or two code units.
  return text.length <= maxCharacters
    ? text
    : Array.from(text.slice(0, 2 * maxCharacters))
        .slice(0, maxCharacters)
        .join("");
}

/** Returns true if every database can store a value as a user id. */
export function isUserId(id: unknown): id is number {
  return typeof id === "number" && Number.isInteger(id) && Math.abs(id) < 2 ** 31;
}
