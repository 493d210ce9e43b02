import { AuthError } from "../../errors.ts";
import type { Log } from "../../observe/log.ts";
import type { Settings } from "../../settings/settings.ts";
import { emailKey } from "../../values/email.ts";
import { isBreached } from "./breaches.ts";
import { normalizePassword } from "./passwords.ts";

interface Policy {
  readonly settings: Settings;
  readonly log: Log;
}

/**
 * Refuses a password that may not be chosen, and says why. It checks the form that is hashed. Length is counted in code points,
 * and every character is allowed (NIST SP 800-63B-4, 3.1.1.2). The cheapest checks come first; nothing depends on whether the
 * address has an account.
 *
 * @param email the address of the account that the password is for
 * @throws {AuthError} `password_missing`, `password_too_short`, `password_personal`, `password_common` or `password_breached`
 */
export async function checkPassword(policy: Policy, password: string, email: string): Promise<void> {
  await checkLocally(policy, password, email);
  await checkBreaches(policy, password);
}

/** What can be told without asking anybody else. */
export async function checkLocally({ settings }: Policy, typed: string, email: string): Promise<void> {
  const password = normalizePassword(typed);
  const { PASSWORD_MIN_LENGTH: least, PASSWORD_BLOCKLIST } = settings;
  if (password === "") throw new AuthError("password_missing", "password is missing");
  if ([...password].length < least) {
    throw new AuthError("password_too_short", `password is too short: it needs ${least} characters or more`);
  }
  if (PASSWORD_BLOCKLIST === "on") {
    if (isPersonal(password, email, settings)) {
      throw new AuthError(
        "password_personal",
        "password is too similar to the email address or the name of this service",
      );
    }
    // Loaded by the first password that is looked for: whoever has it off has no list in memory.
    const { isCommon } = await import("./common-passwords.ts");
    if (isCommon(password)) {
      throw new AuthError("password_common", "password is too common");
    }
  }
}

/** Asks who knows of breaches: a request of ours, which has to be earned by one that is limited. */
export async function checkBreaches({ settings, log }: Policy, password: string): Promise<void> {
  const range = settings.PASSWORD_BREACH_CHECK;
  if (range !== null && (await isBreached(normalizePassword(password), range, log))) {
    throw new AuthError("password_breached", "password has appeared in a data breach");
  }
}

/** What people add to a name to have a password: a year, a point, an exclamation mark. */
const decoration = /^\P{L}{0,8}$/u;
/** Shorter ones are in many a good password. */
const minWordLength = 3;

/**
 * Whether a password is made of the address, its parts, the service's name or its host's, in whatever letter case and with
 * up to eight digits or signs, such as `Bob-2024!` for `bob@example.com` (NIST SP 800-63B-4, 3.1.1.2, "context-specific
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
