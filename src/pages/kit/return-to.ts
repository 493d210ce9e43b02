/** The target of a redirect without a valid `return_to`. */
export const home = "/account";

/** In characters. */
const maxLength = 2000;

/**
 * Returns the target of a redirect if it is a path on this host or a URL with one of the origins, otherwise `fallback` (OWASP
 * Unvalidated Redirects and Forwards Cheat Sheet). The result is ASCII, because it becomes a Location header.
 *
 * @param origins the allowed origins, in the format of `new URL(…).origin`
 */
export function resolveReturnTo(target: string | undefined, origins: readonly string[], fallback = home): string {
  // Browsers ignore tabs and line breaks in a URL, and treat a backslash as a slash.
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
