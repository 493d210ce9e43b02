import { emailKey, isMailable } from "../email.ts";

/**
 * An address as it was given, without what is around it. Only ASCII is let in, so that no Unicode folding can make one
 * person's address look like another's.
 *
 * @returns null for what is no address, or longer than 250 characters
 */
export function readEmail(text: string): string | null {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return null;
  const email = text.trim();
  return isMailable(email) ? email : null;
}

/** Whether what was given is an address, in whatever spelling. */
export function isSpellingOf(given: string, email: string): boolean {
  const read = readEmail(given);
  return read !== null && emailKey(read) === emailKey(email);
}
