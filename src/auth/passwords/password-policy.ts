import { AuthError } from "../../errors.ts";
import type { Log } from "../../observe/log.ts";
import type { Settings } from "../../settings/settings.ts";
import { emailKey } from "../../values/email.ts";
import { isBreached } from "./breaches.ts";
import { normalizePassword } from "./passwords.ts";

interface PolicyContext {
  readonly settings: Settings;
  readonly log: Log;
}

/**
 * Throws if a password cannot be chosen. Checks the normalized form, which is the one that is hashed. Length is counted in
 * code points, and every character is allowed (NIST SP 800-63B-4, 3.1.1.2). The result does not depend on whether the
 * address has an account.
 *
 * @param email the address of the account
 * @throws {AuthError} `password_missing`, `password_too_short`, `password_personal`, `password_common` or
 * `password_breached`
 */
export async function checkPassword(policy: PolicyContext, password: string, email: string): Promise<void> {
  await checkLocally(policy, password, email);
  await checkBreaches(policy, password);
}

/** All checks that need no request to another service. */
export async function checkLocally({ settings }: PolicyContext, typed: string, email: string): Promise<void> {
  const password = normalizePassword(typed);
  const { PASSWORD_MIN_LENGTH: minLength, PASSWORD_BLOCKLIST } = settings;
  if (password === "") throw new AuthError("password_missing", "password is missing");
  if ([...password].length < minLength) {
    throw new AuthError("password_too_short", `password is too short: it needs ${minLength} characters or more`);
  }
  if (PASSWORD_BLOCKLIST === "on") {
    if (isPersonal(password, email, settings)) {
      throw new AuthError(
        "password_personal",
        "password is too similar to the email address or the name of this service",
      );
    }
    // Loaded on first use: with the setting off, the list takes no memory.
    const { isCommon } = await import("./common-passwords.ts");
    if (isCommon(password)) {
      throw new AuthError("password_common", "password is too common");
    }
  }
}

/** Sends a request to the breach API. Call it only after a rate limit: otherwise an attacker could trigger any number. */
export async function checkBreaches({ settings, log }: PolicyContext, password: string): Promise<void> {
  const range = settings.PASSWORD_BREACH_CHECK;
  if (range !== null && (await isBreached(normalizePassword(password), range, log))) {
    throw new AuthError("password_breached", "password has appeared in a data breach");
  }
}

/** Characters that users often add to a name, such as a year, a period or an exclamation mark. */
const decoration = /^\P{L}{0,8}$/u;
/** Shorter words occur in many good passwords. */
const minWordLength = 3;

/**
 * Returns true if a password consists of the address, parts of it, the name of the service or its host, in any letter case,
 * and up to eight digits or signs: `Bob-2024!` for `bob@example.com` (NIST SP 800-63B-4, 3.1.1.2, "context-specific
 * words").
 */
function isPersonal(
  password: string,
  email: string,
  { SERVICE_NAME, PUBLIC_URL }: Pick<Settings, "SERVICE_NAME" | "PUBLIC_URL">,
): boolean {
  const key = emailKey(email);
  const names = [key, ...key.split("@"), SERVICE_NAME.toLowerCase(), new URL(PUBLIC_URL).hostname];
  const words = names
    .flatMap((name) => [name, ...name.split(/[^\p{L}\p{N}]+/u)])
    .filter((word) => word.length >= minWordLength)
    .sort((a, b) => b.length - a.length);
  const text = password.toLowerCase();
  const rest = words.reduce((left, word) => left.replaceAll(word, ""), text);
  return names.includes(text) || (rest !== text && decoration.test(rest));
}
