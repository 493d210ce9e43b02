import { randomBytes } from "node:crypto";
import type { HostCookieName, Settings } from "../settings/settings.ts";

/** The maximum number of cookies read per name, because each can cost a database lookup. */
const maxValues = 5;

/**
 * Returns the value of the first cookie with a name in a Cookie header (RFC 6265, 4.2), without quotes around it.
 *
 * @returns null if there is none, or it is empty
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

/** Returns the first five distinct, nonempty values of the cookies with a name in a Cookie header. */
export function readCookies(header: string | undefined | null, name: string): string[] {
  const values: string[] = [];
  if (!header) return values;
  for (let start = 0; start < header.length && values.length < maxValues; ) {
    const end = endOfPair(header, start);
    const value = readPair(header.slice(start, end), name);
    if (value && !values.includes(value)) values.push(value);
    start = end + 1;
  }
  return values;
}

function endOfPair(header: string, start: number): number {
  const end = header.indexOf(";", start);
  return end === -1 ? header.length : end;
}

/** Returns the value of a pair, without quotes around it; undefined for a pair with another name. */
function readPair(pair: string, name: string): string | undefined {
  const equals = pair.indexOf("=");
  if (equals === -1 || pair.slice(0, equals).trim() !== name) return undefined;
  const value = pair.slice(equals + 1).trim();
  return /^".*"$/.test(value) ? value.slice(1, -1) : value;
}

/** The Set-Cookie headers of the session and the device. */
export type Cookies = ReturnType<typeof createCookies>;

export function createCookies(settings: Settings) {
  return { session: sessionCookie(settings), device: deviceCookie(settings) };
}

/**
 * Formats Set-Cookie for the session. Scripts cannot read the cookie, forms of other sites do not send it, and only this host
 * receives it unless COOKIE_DOMAIN is set.
 */
function sessionCookie({ COOKIE_NAME, COOKIE_DOMAIN, PUBLIC_URL, SESSION_LIFETIME }: Settings) {
  const secure = PUBLIC_URL.startsWith("https:") ? "; Secure" : "";
  const format = (value: string, domain: string | null, maxAge: number) => {
    const scope = domain === null ? "" : `; Domain=${domain}`;
    return `${COOKIE_NAME}=${value}; Path=/; HttpOnly; SameSite=Lax${scope}${secure}; Max-Age=${maxAge}`;
  };
  const domains = otherDomains(COOKIE_NAME, COOKIE_DOMAIN, new URL(PUBLIC_URL).hostname);
  return {
    set: (sessionId: string) => format(sessionId, COOKIE_DOMAIN, SESSION_LIFETIME / 1000),
    clear: format("", COOKIE_DOMAIN, 0),
    /**
     * Set-Cookie headers that clear cookies of the same name from an earlier COOKIE_DOMAIN or from another host of the domain.
     * Send them before `set`: browsers that follow RFC 6265, 5.3, do not distinguish a cookie without Domain from one whose Domain
     * is this host.
     */
    clearOthers: domains.map((domain) => format("", domain, 0)),
  };
}

/**
 * Returns the other domains for which a browser can have a cookie with the session's name; null means a cookie without Domain.
 * Browsers ignore public suffixes in the list.
 */
function otherDomains(name: string, own: string | null, host: string): (string | null)[] {
  // A `__Host-` cookie has no Domain. IP addresses and hosts without a dot do not share cookies.
  if (/^__host-/i.test(name) || /^[\d.]+$|^\[|^[^.]+$/.test(host)) return [];
  const labels = host.split(".");
  const parents = labels.slice(0, -1).map((_, i) => labels.slice(i).join("."));
  return [null, ...parents].filter((domain) => domain !== own);
}

/** Formats Set-Cookie for this host only, regardless of COOKIE_DOMAIN. Over https, no other host can set the cookie. */
export function hostCookie({ PUBLIC_URL }: Pick<Settings, "PUBLIC_URL">, plainName: HostCookieName) {
  const isSecure = PUBLIC_URL.startsWith("https:");
  const name = isSecure ? `__Host-${plainName}` : plainName;
  const attributes = `Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
  return {
    name,
    /** @param maxAge in seconds; without it, the cookie lasts until the browser is closed */
    set: (value: string, maxAge?: number) =>
      `${name}=${value}; ${attributes}${maxAge === undefined ? "" : `; Max-Age=${maxAge}`}`,
    clear: `${name}=; ${attributes}; Max-Age=0`,
  };
}

/** Formats Set-Cookie for the device secret, which makes the browser a known device of an account. */
export function deviceCookie(settings: Pick<Settings, "PUBLIC_URL">) {
  const { name, set } = hostCookie(settings, "device_id");
  return { name, set: (device: string) => set(device, 400 * 86_400) };
}

/** Creates a device secret for a caller without one. */
export function createDeviceSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** Returns true if a value has the format of a device secret. Others are never stored. */
export function isDeviceSecret(cookie: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(cookie);
}
