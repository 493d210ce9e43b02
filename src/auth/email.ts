import { AuthError, type AuthErrorCode } from "../errors.ts";
import type { Settings } from "../settings/settings.ts";
import { emailKey, isMailable } from "../values/email.ts";

/** Which addresses can be registered. */
export type EmailFormat = Settings["EMAIL_FORMAT"];

/**
 * Reads an address in the given spelling, without spaces and invisible characters around it: printable ASCII of 1 to 250
 * characters. Nothing else is accepted, so that no Unicode folding can make one person's address look like another's.
 *
 * @returns null for what cannot be anyone's address
 */
export function readEmail(text: string): string | null {
  const email = visiblePart(text);
  return email.length <= 250 && /^[\x20-\x7e]+$/.test(email) ? email : null;
}

/** As `readEmail`, for an address that is about to be registered. */
export function readNewEmail(text: string, format: EmailFormat): string | null {
  const email = readEmail(text);
  return email !== null && (format === "any" || isMailable(email)) ? email : null;
}

/** Whether a given text is some spelling of an address. */
export function isSpellingOf(given: string, email: string): boolean {
  const read = readEmail(given);
  return read !== null && emailKey(read) === emailKey(email);
}

/** Refuses a given address. The message says so if it has an invisible character in it. */
export function emailRefusal(code: AuthErrorCode, message: string, given: string): AuthError {
  if (!hasInvisible(given)) return new AuthError(code, message);
  return new AuthError(code, `${message}: there is an invisible character in the email`, { invisible: true });
}

/** Whether an address has a character inside that is invisible, or that only looks like a space. */
export function hasInvisible(text: string): boolean {
  return invisible.test(visiblePart(text).replaceAll(" ", ""));
}

/**
 * Spaces and line ends of every kind; characters without a glyph, such as U+200B or a soft hyphen; the blank Braille pattern.
 */
const invisible = /[\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** A text without spaces and invisible characters around it. */
function visiblePart(text: string): string {
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

/**
 * Reads an address that is to be registered, in the given spelling, without spaces and invisible characters around it.
 *
 * @throws {AuthError} `email_invalid`
 */
export function validEmail(email: string, format: EmailFormat): string {
  const address = readNewEmail(email, format);
  if (address === null) throw emailRefusal("email_invalid", "email is not a valid address", email);
  return address;
}

export function taken(email: string): AuthError {
  return new AuthError("email_taken", `User ${email} already exists`);
}
