import { AuthError } from "../errors.ts";
import type { Settings } from "../settings.ts";

/**
 * Refuses a password that may not be chosen. Length is counted in code points, and every character is allowed
 * (NIST SP 800-63B-4, 3.1.1.2).
 *
 * @throws {AuthError} `password_missing` or `password_too_short`
 */
export function checkPassword(password: string, { PASSWORD_MIN_LENGTH: least }: Settings): void {
  if (password === "") throw new AuthError("password_missing", "password is missing");
  if ([...password].length >= least) return;
  throw new AuthError("password_too_short", `password is too short: it needs ${least} characters or more`);
}
