import type { Settings } from "../../settings/settings.ts";
import { emailKey } from "../../values/email.ts";

/** What people add to a name to have a password: a year, a point, an exclamation mark. */
const decoration = /^\P{L}{0,8}$/u;
/** Shorter ones are in many a good password. */
const shortestWord = 3;

/**
 * Whether a password is made of the address, its parts, the service's name or its host's, in whatever letter case and with
 * up to eight digits or signs, such as `Bob-2024!` for `bob@example.com` (NIST SP 800-63B-4, 3.1.1.2, "context-specific
 * words").
 */
export function isPersonal(
  password: string,
  email: string,
  { SERVICE_NAME, PUBLIC_URL }: Pick<Settings, "SERVICE_NAME" | "PUBLIC_URL">,
): boolean {
  const key = emailKey(email);
  const names = [key, ...key.split("@"), SERVICE_NAME.toLowerCase(), new URL(PUBLIC_URL).hostname];
  const words = names
    .flatMap((name) => [name, ...name.split(/[^\p{L}\p{N}]+/u)])
    .filter((word) => word.length >= shortestWord)
    .sort((a, b) => b.length - a.length);
  const text = password.toLowerCase();
  const rest = words.reduce((left, word) => left.replaceAll(word, ""), text);
  return names.includes(text) || (rest !== text && decoration.test(rest));
}
