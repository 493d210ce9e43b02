import type { Auth, Awaitable, LoginResult } from "../auth/auth.ts";
import type { Settings } from "../settings/settings.ts";
import type { PublicUser } from "../user.ts";
import type { RequestContext } from "./caller.ts";
import { readCookies } from "./cookies.ts";
import type { Service } from "./service.ts";

/** A service without `answers`, whose type depends on the description of the endpoint. */
type Dependencies = Omit<Service, "answers">;

/**
 * Returns the session ids in a request's cookies, at most five. A browser sends several if COOKIE_DOMAIN was changed or another
 * host of the domain sets one. Their order has no meaning (RFC 6265, 4.2.2), so callers use the first live one.
 *
 * Reads Node's own headers if possible: looking one up in a Request is slower.
 */
export function readSessionIds(c: RequestContext, { COOKIE_NAME }: Settings): string[] {
  const incoming = c.env?.incoming;
  return readCookies(incoming ? incoming.headers.cookie : c.req.header("Cookie"), COOKIE_NAME);
}

/**
 * Returns the user of the first live session of a request, or null. Synchronous if there is one cookie and the database is
 * synchronous.
 */
export function findUser(c: RequestContext, { auth, settings }: Dependencies): Awaitable<PublicUser | null> {
  const [first = null, ...others] = readSessionIds(c, settings);
  const user = auth.getUserFromSessionId(first);
  return others.length === 0 ? user : findFirstUser(auth, user, others);
}

async function findFirstUser(
  auth: Auth,
  first: Awaitable<PublicUser | null>,
  others: readonly string[],
): Promise<PublicUser | null> {
  let user = await first;
  for (const sessionId of others) user ??= await auth.getUserFromSessionId(sessionId);
  return user;
}

/**
 * Returns the first live session id of a request; the first one if none is live; null if there is none. A single id is returned
 * without a lookup.
 */
export async function findSession(c: RequestContext, { auth, settings }: Dependencies): Promise<string | null> {
  const [first = null, ...others] = readSessionIds(c, settings);
  if (others.length === 0 || (await auth.getUserFromSessionId(first))) return first;
  for (const sessionId of others) if (await auth.getUserFromSessionId(sessionId)) return sessionId;
  return first;
}

/**
 * Ends every session of a request, so that no remaining cookie logs the browser in again. Returns false if none was live.
 */
export async function logOut(c: RequestContext, { auth, settings, caller }: Dependencies): Promise<boolean> {
  let hasEnded = false;
  for (const sessionId of readSessionIds(c, settings)) {
    if (await auth.logOut(sessionId, caller(c))) hasEnded = true;
  }
  return hasEnded;
}

/** Returns the Set-Cookie headers that store a session and clear all others that the browser sent. */
export function createSessionCookies(c: RequestContext, service: Dependencies, sessionId: string): string[] {
  return [...clearOtherCookies(c, service), service.cookies.session.set(sessionId)];
}

/** Returns the Set-Cookie headers of a login: the session, and the device secret unless RATE_LIMIT is off. */
export function createLoginCookies(
  c: RequestContext,
  { session, deviceSecret }: LoginResult,
  service: Dependencies,
): string[] {
  const cookies = createSessionCookies(c, service, session.sessionId);
  return deviceSecret === undefined ? cookies : [...cookies, service.cookies.device.set(deviceSecret)];
}

/** Returns the Set-Cookie headers that clear every session that the browser sent. */
export function clearSessionCookies(c: RequestContext, service: Dependencies): string[] {
  return [...clearOtherCookies(c, service), service.cookies.session.clear];
}

/** Returns an empty list if the browser sent no session cookie, because it then has none for another domain either. */
function clearOtherCookies(c: RequestContext, { settings, cookies }: Dependencies): readonly string[] {
  return readSessionIds(c, settings).length === 0 ? [] : cookies.session.clearOthers;
}
