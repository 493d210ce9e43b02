/** Where people go when nothing else was asked for, or what was is not allowed. */
export const home = "/account";

/** More than any address that an application sends people back to. */
const maxLength = 2000;

/**
 * Where a person may be sent: a path of this host, or an address at one of the allowed origins; `otherwise` for everything
 * else (OWASP Unvalidated Redirects and Forwards Cheat Sheet). What is given back is ASCII, fit for a Location header.
 *
 * @param origins origins as `new URL(…).origin` writes them
 */
export function resolveReturnTo(wanted: string | undefined, origins: readonly string[], otherwise = home): string {
  // Browsers drop tabs and line ends wherever they are, and read a backslash as a slash.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
  if (wanted === undefined || wanted.length > maxLength || /[\u0000-\u0020\u007f-\u009f\\]/.test(wanted))
    return otherwise;
  if (wanted.startsWith("/")) return normalizePath(wanted) ?? otherwise;
  if (!/^https?:\/\/[^/]/i.test(wanted) || !URL.canParse(wanted)) return otherwise;
  const { origin, username, password, href } = new URL(wanted);
  return origins.includes(origin) && username === "" && password === "" ? href : otherwise;
}

/** The path and what follows it, with its dots resolved, if it stays on the host. */
function normalizePath(wanted: string): string | undefined {
  const base = "http://host.invalid";
  if (!URL.canParse(wanted, base)) return undefined;
  const { origin, pathname, search, hash } = new URL(wanted, base);
  // `/.//example.com` is a path, and what is left of it is another host.
  return origin === base && !pathname.startsWith("//") ? pathname + search + hash : undefined;
}
