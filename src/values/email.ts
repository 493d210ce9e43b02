/**
 * The key by which addresses are matched, and which every unique or searched column stores: spellings with the same key are the
 * same address. Letter case and surrounding spaces do not count. Only ASCII letters are lowercased: Unicode folding would match
 * one person's address with another's.
 */
export function emailKey(address: string): string {
  let start = 0;
  let end = address.length;
  while (start < end && asciiWhitespace.includes(address.charAt(start))) start++;
  while (start < end && asciiWhitespace.includes(address.charAt(end - 1))) end--;
  return address.slice(start, end).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The ASCII spaces and line ends that `emailKey` trims. */
export const asciiWhitespace = "\t\n\v\f\r ";

/** In characters. */
const maxEmailLength = 250;

/**
 * Reads an address in the given spelling, without spaces and invisible characters around it: printable ASCII of 1 to 250
 * characters. Nothing else is accepted, so that no Unicode folding can make one person's address look like another's.
 *
 * @returns null for what cannot be anyone's address
 */
export function readEmail(text: string): string | null {
  const email = trimInvisible(text);
  return email.length <= maxEmailLength && /^[\x20-\x7e]+$/.test(email) ? email : null;
}

/** Whether a given text is some spelling of an address. */
export function isSameEmail(given: string, email: string): boolean {
  const read = readEmail(given);
  return read !== null && emailKey(read) === emailKey(email);
}

/** What an HTML email input accepts: https://html.spec.whatwg.org/#valid-e-mail-address */
const valid =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Whether mail can be sent to an address: it has the form that an HTML email input accepts, and at most 250 characters. */
export function isDeliverable(address: string): boolean {
  return address.length <= maxEmailLength && valid.test(address);
}

/** Whether an address has a character inside that is invisible, or that only looks like a space. */
export function hasInvisibleCharacter(text: string): boolean {
  return invisible.test(trimInvisible(text).replaceAll(" ", ""));
}

/**
 * Spaces and line ends of every kind; characters without a glyph, such as U+200B or a soft hyphen; the blank Braille pattern.
 */
const invisible = /[\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** A text without spaces and invisible characters around it. */
function trimInvisible(text: string): string {
  if (/^[\x21-\x7e]*$/.test(text)) return text;
  const characters = [...text];
  const isVisible = (character: string) => !invisible.test(character);
  const start = Math.max(0, characters.findIndex(isVisible));
  const part = characters.slice(start, characters.findLastIndex(isVisible) + 1).join("");
  return isReordered(characters.slice(0, start).join(""), part) ? text : part;
}

/**
 * Whether direction marks in front of an address reorder it on screen: without them, it would not be the address that was seen
 * (UAX #9). If it begins with a letter and ends with a letter or digit, only an override (U+202E) reorders it.
 */
function isReordered(before: string, part: string): boolean {
  const isKept = /^[a-z](?:.*[a-z\d])?$/is.test(part);
  return before.includes("\u202e") || (/[\u202b\u2067]/.test(before) && !isKept);
}
