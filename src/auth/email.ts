import { AuthError, type AuthErrorCode } from "../errors.ts";
import type { Settings } from "../settings/settings.ts";
import { hasInvisibleCharacter, isDeliverable, readEmail } from "../values/email.ts";

/** Which addresses can be registered. */
export type EmailFormat = Settings["EMAIL_FORMAT"];

/** As `readEmail`, for an address that is about to be registered. */
export function parseNewEmail(text: string, format: EmailFormat): string | null {
  const email = readEmail(text);
  return email !== null && (format === "any" || isDeliverable(email)) ? email : null;
}

/** Refuses a given address. The message says so if it has an invisible character in it. */
export function emailError(code: AuthErrorCode, message: string, given: string): AuthError {
  if (!hasInvisibleCharacter(given)) return new AuthError(code, message);
  return new AuthError(code, `${message}: it contains an invisible character`, {
    hasInvisibleCharacter: true,
  });
}

/**
 * Reads an address that is to be registered, in the given spelling, without spaces and invisible characters around it.
 *
 * @throws {AuthError} `email_invalid`
 */
export function requireValidEmail(email: string, format: EmailFormat): string {
  const address = parseNewEmail(email, format);
  if (address === null) throw emailError("email_invalid", "email is not a valid address", email);
  return address;
}

export function emailTakenError(email: string): AuthError {
  return new AuthError("email_taken", `User ${email} already exists`);
}
