import { randomBytes } from "node:crypto";
import type { Caller } from "../../auth/auth.ts";
import { createIdempotencyKey } from "../../auth/auth.ts";
import type { RequestContext } from "../../http/caller.ts";
import { hostCookie, readCookie, readCookies } from "../../http/cookies.ts";
import { rememberDevice } from "../../http/remember-device.ts";
import type { Service } from "../../http/service.ts";
import { findSession } from "../../http/session-cookies.ts";
import { chooseLanguage, type Language, languages, messages } from "../../languages/languages.ts";
import type { PageTexts } from "../../languages/pages.ts";
import { createAccountTag, isFormToken, isSameSecret, readAccountTag } from "./form-token.ts";
import { type Notice, noticeCookie } from "./notice.ts";
import { home, resolveReturnTo } from "./return-to.ts";
import { returnToCookie } from "./return-to-cookie.ts";

/** What a form brought, by its fields' names. */
export type FormValues = Readonly<Record<string, string | undefined>>;

/** One person's request for a page. */
export interface Visit {
  readonly c: RequestContext;
  readonly service: Service;
  readonly language: Language;
  readonly words: PageTexts;
  /** Emails for this caller use the page's language. */
  readonly caller: Caller;
  /** Goes on under another id once the password was given. */
  sessionId: string | null;
  /** The secret of this browser from which the tokens of its forms are made. */
  readonly formSecret: string;
  /** Sets the cookie with that secret if the browser has none: for pages with a form. */
  setFormCookie(): void;
  readonly notice: Notice | null;
  /** What the answer sets. */
  readonly cookies: string[];
  /** A path with the language that was chosen, and what else it is given. */
  urlFor(path: string, query?: Readonly<Record<string, string | undefined>>): string;
  /** The mailed one. */
  readonly token: string | undefined;
  /** Where to go afterwards, checked; undefined when it is where people go anyway. */
  readonly returnTo: string | undefined;
  /** Whether this browser keeps such a place over a mail. */
  readonly hasReturnToCookie: boolean;
}

export async function createVisit(service: Service, c: RequestContext, values: FormValues = {}): Promise<Visit> {
  const { settings } = service;
  const header = c.req.header("Cookie");
  const chosen = languages.find((each) => each === c.req.query("lang"));
  const language = chosen ?? chooseLanguage(c.req.header("Accept-Language"));
  const cookies: string[] = [];
  const formCookie = hostCookie(settings, "form");
  const secrets = readCookies(header, formCookie.name).filter((value) => /^[\w-]{43}$/.test(value));
  // Of several, the one that the form was made from, if any: the browser may have sent them in another order before.
  const kept = secrets.find((secret) => isFormToken(secret, values.form_token ?? "")) ?? secrets[0];
  const formSecret = kept ?? randomBytes(32).toString("base64url");
  const notices = noticeCookie(settings);
  const returnCookie = returnToCookie(settings);
  const cookieValue = readCookie(header, returnCookie.name);
  const token = (values.token ?? c.req.query("token"))?.slice(0, 250);
  const asked = values.return_to ?? c.req.query("return_to") ?? returnCookie.read(cookieValue, c.req.path);
  const wanted = resolveReturnTo(asked, settings.RETURN_ORIGINS);
  return {
    c,
    service,
    language,
    words: messages[language].pages,
    caller: {
      ...service.caller(c),
      language,
      // Made from the link: if the answer to a redemption is lost, the form or the link sets the same cookie again.
      newDevice: kept === undefined || token === undefined ? undefined : createIdempotencyKey(kept, "device", token),
      idempotencyKeys: kept === undefined ? undefined : actNames(kept, c, values, token),
    },
    sessionId: await findSession(c, service),
    formSecret,
    setFormCookie() {
      const set = formCookie.set(formSecret);
      if (kept === undefined && !cookies.includes(set)) cookies.push(set);
    },
    notice: notices.read(readCookie(header, notices.name)),
    token,
    returnTo: wanted === home ? undefined : wanted,
    hasReturnToCookie: cookieValue !== null,
    cookies,
    urlFor(path, query = {}) {
      const all: [string, string | undefined][] = Object.entries({ lang: chosen, ...query });
      const given = all.filter((pair): pair is [string, string] => Boolean(pair[1]));
      return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
    },
  };
}

/**
 * Names of what a form does, which only this browser can make: one of all its fields, and one of the mailed link that led to
 * it. A page that is only opened has the name of the link. A form that is displayed anew has another name.
 */
function actNames(secret: string, c: RequestContext, values: FormValues, token: string | undefined): string[] {
  const link = token === undefined ? [] : [createIdempotencyKey(secret, "link", c.req.path, token)];
  if (c.req.method !== "POST") return link;
  const sent = Object.entries(values).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return [createIdempotencyKey(secret, "form", c.req.path, sent), ...link];
}

/**
 * The caller of a form. A form without `form_id` cannot be told from a later one with the same fields, so it is done as often
 * as it is sent.
 */
export function callerOfForm({ caller }: Visit, { form_id }: FormValues): Caller {
  return form_id === undefined ? { ...caller, idempotencyKeys: [] } : caller;
}

/** Keeps this browser's device secret, by which the account of a redeemed link knows it. */
export function setDeviceCookie({ caller, cookies, service }: Visit): void {
  cookies.push(...rememberDevice(caller, service.settings));
}

/** This visit with the device that an account knows since a redemption. */
export function withKnownDevice(visit: Visit): Visit {
  const { device, newDevice } = visit.caller;
  return [device ?? []].flat().length > 0 ? visit : { ...visit, caller: { ...visit.caller, device: newDevice } };
}

/** What the token of a form says about it. */
export interface FormOrigin {
  /** Whether it was made for this browser. */
  readonly isFromThisBrowser: boolean;
  /** The account that it acts for, as `accountTag` names it; undefined for one that acts for none. */
  readonly account: string | undefined;
}

export function readFormOrigin({ formSecret }: Visit, { form_token: given = "" }: FormValues): FormOrigin {
  return { isFromThisBrowser: isFormToken(formSecret, given), account: readAccountTag(formSecret, given) };
}

/** Whether an account is the one that a form acts for, or that a notice was kept for. */
export function isSameAccount({ formSecret }: Visit, account: string | undefined, userId: number): boolean {
  return account !== undefined && isSameSecret(account, createAccountTag(formSecret, userId));
}

/** The account that is logged in in this browser, or null. */
export async function findLoggedInUser({ service, sessionId }: Visit) {
  return service.auth.getUserFromSessionId(sessionId);
}
