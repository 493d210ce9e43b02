import { clearSessions } from "../../http/session-cookies.ts";
import type { NoticeCode } from "../../languages/pages.ts";
import { type Notice, noticeCookie } from "./notice.ts";
import { onwardCookie } from "./onward.ts";
import { home } from "./return-to.ts";
import type { Visit } from "./visit.ts";

/** Sends a person on: what was a POST is a GET there, and reloading it repeats nothing. */
export function goTo(visit: Visit, location: string, notice?: Notice): Response {
  const { service, cookies } = visit;
  if (notice) cookies.push(noticeCookie(service.settings).set(notice));
  return service.answers.redirect(location, { "Set-Cookie": cookies }, 303);
}

/** Sends a person to where they wanted to go, which is no longer kept then. */
export function goOn(visit: Visit, notice?: Notice): Response {
  forgetOnward(visit);
  return goTo(visit, visit.onward ?? visit.to(home), notice);
}

/**
 * Sends out a person whose session has ended. The browser forgets it, with the address and the way that it kept for them:
 * whoever comes next may be somebody else.
 *
 * @param elsewhere where to go in place of the login, which says what was done
 */
export function goOut(visit: Visit, code: NoticeCode, elsewhere?: string): Response {
  const { service, cookies, to } = visit;
  cookies.push(...clearSessions(visit.c, service));
  forgetOnward(visit);
  if (elsewhere === undefined) return goTo(visit, to("/login"), { code });
  cookies.push(noticeCookie(service.settings).clear);
  return goTo(visit, elsewhere);
}

/**
 * Keeps where a person wants to go until they have followed the link of a mail, or forgets what they wanted before.
 *
 * @param lifetime of the link, in milliseconds
 */
export function keepOnward(visit: Visit, lifetime: number): void {
  const { service, cookies, onward } = visit;
  if (onward === undefined) forgetOnward(visit);
  else cookies.push(onwardCookie(service.settings).set(onward, lifetime));
}

function forgetOnward({ service, cookies, keepsOnward }: Visit): void {
  if (keepsOnward) cookies.push(onwardCookie(service.settings).clear);
}

/**
 * Redirects to the login, and from there back to this page, with the address that was typed here, for the account that it was
 * typed for.
 */
export function askToLogIn(visit: Visit, email?: string, account?: string): Response {
  const { c, sessionId, to, onward } = visit;
  const hadSession = sessionId !== null || c.req.method === "POST";
  const code = hadSession ? "session_ended" : "login_needed";
  return goTo(visit, to("/login", { return_to: to(c.req.path, { return_to: onward }) }), { code, email, account });
}
