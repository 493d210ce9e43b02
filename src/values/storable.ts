/** The number of characters (code points) that a text column holds. */
const maxLength = 250;

/**
 * Converts a text from a program or a stranger to one that every database can store: its first 250 characters, with U+FFFD in
 * place of NUL and of half a surrogate pair, which PostgreSQL refuses.
 *
 * @returns null if the value is not text
 */
export function toStorableText(text: unknown): string | null {
  if (typeof text !== "string") return null;
  return truncate(text, maxLength).toWellFormed().replaceAll("\0", "\ufffd");
}

/** The first characters of a text, none of them cut in half. */
export function truncate(text: string, characters: number): string {
  // A character has one or two code units.
  return text.length <= characters
    ? text
    : Array.from(text.slice(0, 2 * characters))
        .slice(0, characters)
        .join("");
}

/** Whether every database can store a value as the id of a user. */
export function isUserId(id: unknown): id is number {
  return typeof id === "number" && Number.isInteger(id) && Math.abs(id) < 2 ** 31;
}
