import { randomBytes } from "node:crypto";
import type { HostCookieName, Settings } from "../settings/settings.ts";

/** How many cookies of one name are read: each may cost a lookup. */
const maxValues = 5;

/**
 * The value of a cookie in a Cookie header (RFC 6265, 4.2). Of several the first is taken, and quotes around a value are
 * not part of it.
 *
 * @returns null when it is not there, or empty
 */
export function readCookie(header: string | undefined | null, name: string): string | null {
  if (!header) return null;
  for (let start = 0; start < header.length; ) {
    const end = endOfPair(header, start);
    const value = readPair(header.slice(start, end), name);
    if (value !== undefined) return value || null;
    start = end + 1;
  }
  return null;
}

/** The values of the cookies with this name in a Cookie header: the first five that differ and are not empty. */
export function readCookies(header: string | undefined | null, name: string): string[] {
  const found: string[] = [];
  if (!header) return found;
  for (let start = 0; start < header.length && found.length < maxValues; ) {
    const end = endOfPair(header, start);
    const value = readPair(header.slice(start, end), name);
    if (value && !found.includes(value)) found.push(value);
    start = end + 1;
  }
  return found;
}

function endOfPair(header: string, start: number): number {
  const end = header.indexOf(";", start);
  return end === -1 ? header.length : end;
}

/** The value of a pair, without the quotes around it; undefined for a pair of another name. */
function readPair(pair: string, name: string): string | undefined {
  const equals = pair.indexOf("=");
  if (equals === -1 || pair.slice(0, equals).trim() !== name) return undefined;
  const value = pair.slice(equals + 1).trim();
  return /^".*"$/.test(value) ? value.slice(1, -1) : value;
}

/** What writes the cookies of a login. */
export type Cookies = ReturnType<typeof cookies>;

export function cookies(settings: Settings) {
  return { session: sessionCookie(settings), device: deviceCookie(settings) };
}

/**
 * Writes Set-Cookie for the session: unreadable to scripts, not sent along by other sites' forms, and for this host alone
 * unless COOKIE_DOMAIN shares it.
 */
export function sessionCookie({ COOKIE_NAME, COOKIE_DOMAIN, PUBLIC_URL, SESSION_LIFETIME }: Settings) {
  const secure = PUBLIC_URL.startsWith("https:") ? "; Secure" : "";
  const write = (value: string, domain: string | null, maxAge: number) => {
    const shared = domain === null ? "" : `; Domain=${domain}`;
    return `${COOKIE_NAME}=${value}; Path=/; HttpOnly; SameSite=Lax${shared}${secure}; Max-Age=${maxAge}`;
  };
  const domains = otherDomains(COOKIE_NAME, COOKIE_DOMAIN, new URL(PUBLIC_URL).hostname);
  return {
    set: (sessionId: string) => write(sessionId, COOKIE_DOMAIN, SESSION_LIFETIME / 1000),
    clear: write("", COOKIE_DOMAIN, 0),
    /**
     * Set-Cookie headers that clear a cookie of this name left by an earlier COOKIE_DOMAIN or by another host of the domain.
     * Send them before `set`: in browsers that follow RFC 6265, 5.3, a cookie of this host alone and one whose Domain is this
     * host are the same.
     */
    clearOthers: domains.map((domain) => write("", domain, 0)),
  };
}

/**
 * The domains under which a browser may hold another cookie with the session's name; null stands for the host alone. Browsers
 * ignore public suffixes among them.
 */
function otherDomains(name: string, own: string | null, host: string): (string | null)[] {
  // A `__Host-` cookie has no Domain; an IP address, or a host without a dot, shares cookies with no other host.
  if (/^__host-/i.test(name) || /^[\d.]+$|^\[|^[^.]+$/.test(host)) return [];
  const labels = host.split(".");
  const parents = labels.slice(0, -1).map((_, i) => labels.slice(i).join("."));
  return [null, ...parents].filter((domain) => domain !== own);
}

/** Writes Set-Cookie for what is this host's alone, whatever COOKIE_DOMAIN is: over https nobody else can plant one. */
export function hostCookie({ PUBLIC_URL }: Pick<Settings, "PUBLIC_URL">, plainName: HostCookieName) {
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

/** A device secret for a caller that presents none. */
export function createDeviceSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** Whether a cookie has the form of a device secret: no other value is stored. */
export function isDeviceSecret(cookie: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(cookie);
}
