import { clearSessions } from "../../http/session-cookies.ts";
import type { NoticeCode } from "../../languages/pages.ts";
import { type Notice, noticeCookie } from "./notice.ts";
import { home } from "./return-to.ts";
import { returnToCookie } from "./return-to-cookie.ts";
import type { Visit } from "./visit.ts";

/** Sends a person on: what was a POST is a GET there, and reloading it repeats nothing. */
export function redirect(visit: Visit, location: string, notice?: Notice): Response {
  const { service, cookies } = visit;
  if (notice) cookies.push(noticeCookie(service.settings).set(notice));
  return service.answers.redirect(location, { "Set-Cookie": cookies }, 303);
}

/** Sends a person to where they wanted to go, which is no longer kept then. */
export function redirectAfterLogin(visit: Visit, notice?: Notice): Response {
  clearReturnTo(visit);
  return redirect(visit, visit.returnTo ?? visit.urlFor(home), notice);
}

/**
 * Sends out a person whose session has ended. The browser forgets it, with the address and the way that it kept for them:
 * whoever comes next may be somebody else.
 *
 * @param elsewhere where to go in place of the login, which says what was done
 */
export function redirectAfterLogout(visit: Visit, code: NoticeCode, elsewhere?: string): Response {
  const { service, cookies, urlFor } = visit;
  cookies.push(...clearSessions(visit.c, service));
  clearReturnTo(visit);
  if (elsewhere === undefined) return redirect(visit, urlFor("/login"), { code });
  cookies.push(noticeCookie(service.settings).clear);
  return redirect(visit, elsewhere);
}

/**
 * Keeps where a person wants to go until they have followed the link of a mail, or forgets what they wanted before.
 *
 * @param lifetime of the link, in milliseconds
 */
export function storeReturnTo(visit: Visit, lifetime: number): void {
  const { service, cookies, returnTo } = visit;
  if (returnTo === undefined) clearReturnTo(visit);
  else cookies.push(returnToCookie(service.settings).set(returnTo, lifetime));
}

function clearReturnTo({ service, cookies, hasReturnToCookie }: Visit): void {
  if (hasReturnToCookie) cookies.push(returnToCookie(service.settings).clear);
}

/**
 * Redirects to the login, and from there back to this page, with the address that was typed here, for the account that it was
 * typed for.
 */
export function redirectToLogin(visit: Visit, email?: string, account?: string): Response {
  const { c, sessionId, urlFor, returnTo } = visit;
  const hadSession = sessionId !== null || c.req.method === "POST";
  const code = hadSession ? "session_ended" : "login_needed";
  return redirect(visit, urlFor("/login", { return_to: urlFor(c.req.path, { return_to: returnTo }) }), {
    code,
    email,
    account,
  });
}
