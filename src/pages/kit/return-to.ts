/** The target of a redirect without a valid `return_to`. */
export const home = "/account";

/** In characters. */
const maxLength = 2000;

/**
 * Returns the target of a redirect if it is a path of this host or a URL at one of the origins, otherwise `fallback` (OWASP
 * Unvalidated Redirects and Forwards Cheat Sheet). The result is ASCII, for a Location header.
 *
 * @param origins in the form of `new URL(…).origin`
 */
export function resolveReturnTo(target: string | undefined, origins: readonly string[], fallback = home): string {
  // Browsers drop tabs and line breaks anywhere in a URL, and read a backslash as a slash.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: rejects control characters
  if (target === undefined || target.length > maxLength || /[\u0000-\u0020\u007f-\u009f\\]/.test(target))
    return fallback;
  if (target.startsWith("/")) return normalizePath(target) ?? fallback;
  if (!/^https?:\/\/[^/]/i.test(target) || !URL.canParse(target)) return fallback;
  const { origin, username, password, href } = new URL(target);
  return origins.includes(origin) && username === "" && password === "" ? href : fallback;
}

/** Resolves `.` and `..` segments. Returns undefined if the path leads to another host. */
function normalizePath(target: string): string | undefined {
  const base = "http://host.invalid";
  if (!URL.canParse(target, base)) return undefined;
  const { origin, pathname, search, hash } = new URL(target, base);
  // `/.//example.com` resolves to `//example.com`, which is another host.
  return origin === base && !pathname.startsWith("//") ? pathname + search + hash : undefined;
}
