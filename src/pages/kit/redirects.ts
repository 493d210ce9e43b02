import { clearSessionCookies } from "../../http/session-cookies.ts";
import type { NoticeCode } from "../../languages/pages.ts";
import { type Notice, noticeCookie } from "./notice.ts";
import { home } from "./return-to.ts";
import { returnToCookie } from "./return-to-cookie.ts";
import type { Visit } from "./visit.ts";

/** Returns a 303 response. Browsers follow it with GET, so that reloading the next page does not submit a form again. */
export function redirect(visit: Visit, location: string, notice?: Notice): Response {
  const { service, cookies } = visit;
  if (notice) cookies.push(noticeCookie(service.settings).set(notice));
  return service.answers.redirect(location, { "Set-Cookie": cookies }, 303);
}

/** Redirects to `return_to`, by default to the account page, and clears the `return_to` cookie. */
export function redirectAfterLogin(visit: Visit, notice?: Notice): Response {
  clearReturnTo(visit);
  return redirect(visit, visit.returnTo ?? visit.urlFor(home), notice);
}

/**
 * Redirects after the end of a session. Clears the session and the `return_to` cookies and replaces or clears the notice, because
 * the next visitor can be a different user.
 *
 * @param location the next page, by default the login page with the notice
 */
export function redirectAfterLogout(visit: Visit, code: NoticeCode, location?: string): Response {
  const { service, cookies, urlFor } = visit;
  cookies.push(...clearSessionCookies(visit.c, service));
  clearReturnTo(visit);
  if (location === undefined) return redirect(visit, urlFor("/login"), { code });
  cookies.push(noticeCookie(service.settings).clear);
  return redirect(visit, location);
}

/**
 * Stores the visit's `return_to` in a cookie until the emailed link expires. Without a `return_to`, clears the cookie of an
 * earlier visit.
 *
 * @param lifetime the lifetime of the link, in milliseconds
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
 * Redirects to the login page, which redirects back to this page.
 *
 * @param email the address typed on this page, which shows it again after the login
 * @param account the tag of the account that may see the address (`createAccountTag`)
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
