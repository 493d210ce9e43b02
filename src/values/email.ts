/**
 * Returns the key of an email address, which unique and searched columns store. Two spellings with the same key are the same
 * address: letter case and surrounding spaces are ignored. Lowercases only ASCII letters, because Unicode folding could match
 * addresses of different users.
 */
export function emailKey(address: string): string {
  let start = 0;
  let end = address.length;
  while (start < end && asciiWhitespace.includes(address.charAt(start))) start++;
  while (start < end && asciiWhitespace.includes(address.charAt(end - 1))) end--;
  return address.slice(start, end).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The characters that `emailKey` trims. */
export const asciiWhitespace = "\t\n\v\f\r ";

/** In characters. */
const maxEmailLength = 250;

/**
 * Reads an email address: removes surrounding spaces and invisible characters, and accepts 1 to 250 characters of printable ASCII.
 * Other characters are rejected, because Unicode folding could make two users' addresses equal.
 *
 * @returns null if the text is not accepted
 */
export function readEmail(text: string): string | null {
  const email = trimInvisible(text);
  return email.length <= maxEmailLength && /^[\x20-\x7e]+$/.test(email) ? email : null;
}

/** Returns true if a text is a spelling of an email address. */
export function isSameEmail(text: string, email: string): boolean {
  const read = readEmail(text);
  return read !== null && emailKey(read) === emailKey(email);
}

/** The format that an HTML email input accepts: https://html.spec.whatwg.org/#valid-e-mail-address */
const validAddress =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Returns true for an address that an HTML email input accepts, with at most 250 characters. */
export function isDeliverable(address: string): boolean {
  return address.length <= maxEmailLength && validAddress.test(address);
}

/** Returns true if an address contains a character, not at its ends, that is invisible or looks like a space. */
export function hasInvisibleCharacter(text: string): boolean {
  return invisible.test(trimInvisible(text).replaceAll(" ", ""));
}

/** Spaces, line breaks, characters without a glyph (such as U+200B and the soft hyphen), and the blank Braille pattern. */
const invisible = /[\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Removes surrounding spaces and invisible characters. */
function trimInvisible(text: string): string {
  if (/^[\x21-\x7e]*$/.test(text)) return text;
  const characters = [...text];
  const isVisible = (character: string) => !invisible.test(character);
  const start = Math.max(0, characters.findIndex(isVisible));
  const part = characters.slice(start, characters.findLastIndex(isVisible) + 1).join("");
  return isReordered(characters.slice(0, start).join(""), part) ? text : part;
}

/**
 * Returns true if direction marks before an address reorder it on screen, so that removing them would change the visible address
 * (UAX #9). If it starts with a letter and ends with a letter or digit, only an override (U+202E) reorders it.
 */
function isReordered(before: string, part: string): boolean {
  const keepsOrder = /^[a-z](?:.*[a-z\d])?$/is.test(part);
  return before.includes("\u202e") || (/[\u202b\u2067]/.test(before) && !keepsOrder);
}
