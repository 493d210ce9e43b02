import type { OtherCookie, Settings } from "../settings.ts";

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

/**
 * Writes Set-Cookie for the session: unreadable to scripts, not sent along by other sites' forms, and for this host alone
 * unless COOKIE_DOMAIN shares it.
 */
export function sessionCookie({ COOKIE_NAME, COOKIE_DOMAIN, PUBLIC_URL, SESSION_LIFETIME }: Settings) {
  const domain = COOKIE_DOMAIN === null ? "" : `; Domain=${COOKIE_DOMAIN}`;
  const secure = PUBLIC_URL.startsWith("https:") ? "; Secure" : "";
  const attributes = `Path=/; HttpOnly; SameSite=Lax${domain}${secure}`;
  return {
    set: (sessionId: string) => `${COOKIE_NAME}=${sessionId}; ${attributes}; Max-Age=${SESSION_LIFETIME / 1000}`,
    clear: `${COOKIE_NAME}=; ${attributes}; Max-Age=0`,
  };
}

/** Writes Set-Cookie for what is this host's alone, whatever COOKIE_DOMAIN is: over https nobody else can plant one. */
export function hostCookie({ PUBLIC_URL }: Pick<Settings, "PUBLIC_URL">, plainName: OtherCookie) {
  const isSecure = PUBLIC_URL.startsWith("https:");
  const name = isSecure ? `__Host-${plainName}` : plainName;
  const attributes = `Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
  return {
    name,
    /** @param maxAge in seconds; without it, until the browser is closed */
    set: (value: string, maxAge?: number) =>
      `${name}=${value}; ${attributes}${maxAge === undefined ? "" : `; Max-Age=${maxAge}`}`,
    clear: `${name}=; ${attributes}; Max-Age=0`,
  };
}

/** Writes Set-Cookie for the device, by which an account knows it again. */
export function deviceCookie(settings: Pick<Settings, "PUBLIC_URL">) {
  const { name, set } = hostCookie(settings, "device_id");
  return { name, set: (device: string) => set(device, 400 * 86_400) };
}

/** A device's secret as we make them, else undefined: what somebody made up is not kept. */
export function deviceOf(cookie: string | null): string | undefined {
  return cookie !== null && /^[A-Za-z0-9_-]{43}$/.test(cookie) ? cookie : undefined;
}
