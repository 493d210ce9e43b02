import type { Settings } from "../settings.ts";

/**
 * The value of a cookie in a Cookie header (RFC 6265, 4.2). Of several the first is taken, and quotes around a value are
 * not part of it.
 *
 * @returns null when it is not there, or empty
 */
export function readCookie(header: string | undefined | null, name: string): string | null {
  if (!header) return null;
  for (let start = 0; start < header.length; ) {
    let end = header.indexOf(";", start);
    if (end === -1) end = header.length;
    const pair = header.slice(start, end);
    const equals = pair.indexOf("=");
    if (equals !== -1 && pair.slice(0, equals).trim() === name) {
      const value = pair.slice(equals + 1).trim();
      return (/^".*"$/.test(value) ? value.slice(1, -1) : value) || null;
    }
    start = end + 1;
  }
  return null;
}

/** Writes Set-Cookie for the session: unreadable to scripts, not sent along by other sites' forms. */
export function sessionCookie({ COOKIE_NAME, PUBLIC_URL, SESSION_LIFETIME }: Settings) {
  const secure = PUBLIC_URL.startsWith("https:") ? "; Secure" : "";
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure}`;
  return {
    set: (sessionId: string) => `${COOKIE_NAME}=${sessionId}; ${attributes}; Max-Age=${SESSION_LIFETIME / 1000}`,
    clear: `${COOKIE_NAME}=; ${attributes}; Max-Age=0`,
  };
}
