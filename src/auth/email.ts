import { emailKey, isMailable } from "../email.ts";
import { AuthError, type AuthErrorCode } from "../errors.ts";
import type { Settings } from "../settings.ts";

/** What may be registered as an address. */
export type EmailFormat = Settings["EMAIL_FORMAT"];

/**
 * An address as it was given, without spaces and invisible characters around it, as an account may have it: printable
 * ASCII of 1 to 250 characters. Nothing else is let in, so that no Unicode folding can make one person's address look like
 * another's.
 *
 * @returns null for what can be nobody's
 */
export function readEmail(text: string): string | null {
  const email = visiblePart(text);
  return email.length <= 250 && /^[\x20-\x7e]+$/.test(email) ? email : null;
}

/** As `readEmail`, for an address that is to be registered. */
export function readNewEmail(text: string, format: EmailFormat): string | null {
  const email = readEmail(text);
  return email !== null && (format === "any" || isMailable(email)) ? email : null;
}

/** Whether what was given is an address, in whatever spelling. */
export function isSpellingOf(given: string, email: string): boolean {
  const read = readEmail(given);
  return read !== null && emailKey(read) === emailKey(email);
}

/** A refusal of an address that was given. It says so when something in it cannot be seen. */
export function emailRefusal(code: AuthErrorCode, message: string, given: string): AuthError {
  if (!hasInvisible(given)) return new AuthError(code, message);
  return new AuthError(code, `${message}: there is an invisible character in the email`, { invisible: true });
}

/** Whether there is a character inside an address that cannot be seen, or looks like a space and is none. */
export function hasInvisible(text: string): boolean {
  return invisible.test(visiblePart(text).replaceAll(" ", ""));
}

/** Spaces and line ends of every kind; what shows nothing by its own, such as U+200B or a soft hyphen; Braille's blank. */
const invisible = /[\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** A text without what cannot be seen around it. */
function visiblePart(text: string): string {
  if (/^[\x21-\x7e]*$/.test(text)) return text;
  const characters = [...text];
  const isVisible = (character: string) => !invisible.test(character);
  const start = Math.max(0, characters.findIndex(isVisible));
  const part = characters.slice(start, characters.findLastIndex(isVisible) + 1).join("");
  return isReordered(characters.slice(0, start).join(""), part) ? text : part;
}

/**
 * Whether characters in front of an address that turn the direction of writing have it read in another order: what would
 * be left of it is not what was seen (UAX #9). Between letters everything stays where it is, unless that is overridden.
 */
function isReordered(before: string, part: string): boolean {
  const isKept = /^[a-z](?:.*[a-z\d])?$/is.test(part);
  return before.includes("\u202e") || (/[\u202b\u2067]/.test(before) && !isKept);
}
