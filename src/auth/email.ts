import { emailKey, isMailable } from "../email.ts";
import type { Settings } from "../settings.ts";

/** What may be registered as an address. */
export type EmailFormat = Settings["EMAIL_FORMAT"];

/**
 * An address as it was given, without what is around it, as an account may have it: printable ASCII of 1 to 250
 * characters. Nothing else is let in, so that no Unicode folding can make one person's address look like another's.
 *
 * @returns null for what can be nobody's
 */
export function readEmail(text: string): string | null {
  if (/[^\t-\r\x20-\x7e]/.test(text)) return null;
  const email = text.trim();
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
