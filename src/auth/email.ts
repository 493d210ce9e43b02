import { AuthError, type AuthErrorCode } from "../errors.ts";
import type { Settings } from "../settings/settings.ts";
import { hasInvisibleCharacter, isDeliverable, readEmail } from "../values/email.ts";

/** `EMAIL_FORMAT`: which addresses can be registered. */
export type EmailFormat = Settings["EMAIL_FORMAT"];

/** Like `readEmail`, but also returns null for an address that `EMAIL_FORMAT` rejects. */
export function parseNewEmail(text: string, format: EmailFormat): string | null {
  const email = readEmail(text);
  return email !== null && (format === "any" || isDeliverable(email)) ? email : null;
}

/** Creates an error about an address. The message says if the address contains an invisible character. */
export function emailError(code: AuthErrorCode, message: string, email: string): AuthError {
  if (!hasInvisibleCharacter(email)) return new AuthError(code, message);
  return new AuthError(code, `${message}: it contains an invisible character`, {
    hasInvisibleCharacter: true,
  });
}

/**
 * Returns an address to register, without the spaces and invisible characters around it. The spelling is kept.
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
