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

/** The submitted values of a form, by field name. */
export type FormValues = Readonly<Record<string, string | undefined>>;

/** A request for a page, and the cookies of its response. */
export interface Visit {
  readonly c: RequestContext;
  readonly service: Service;
  readonly language: Language;
  readonly texts: PageTexts;
  /** Emails to this caller use the language of the page. */
  readonly caller: Caller;
  /** Changes when the session gets a new id during the request. */
  sessionId: string | null;
  /** The value of this browser's cookie `form`. Form tokens are created from it. */
  readonly formSecret: string;
  /** Sets the cookie `form` if the browser did not send it. */
  setFormCookie(): void;
  readonly notice: Notice | null;
  /** Set-Cookie headers of the response. */
  readonly cookies: string[];
  /** Returns a path with a query. Adds the request's `lang`, and omits empty parameters. */
  urlFor(path: string, query?: Readonly<Record<string, string | undefined>>): string;
  /** The token of an emailed link. */
  readonly token: string | undefined;
  /** The valid `return_to` of the request or the cookie; undefined if it is missing, invalid or `home`. */
  readonly returnTo: string | undefined;
  readonly hasReturnToCookie: boolean;
}

export async function createVisit(service: Service, c: RequestContext, values: FormValues = {}): Promise<Visit> {
  const { settings } = service;
  const header = c.req.header("Cookie");
  const chosenLanguage = languages.find((each) => each === c.req.query("lang"));
  const language = chosenLanguage ?? chooseLanguage(c.req.header("Accept-Language"));
  const cookies: string[] = [];
  const formCookie = hostCookie(settings, "form");
  const secrets = readCookies(header, formCookie.name).filter((value) => /^[\w-]{43}$/.test(value));
  // A browser can send several cookies of this name, in any order: prefer the one that the form's token was created from.
  const storedSecret = secrets.find((secret) => isFormToken(secret, values.form_token ?? "")) ?? secrets[0];
  const formSecret = storedSecret ?? randomBytes(32).toString("base64url");
  const notices = noticeCookie(settings);
  const returnCookie = returnToCookie(settings);
  const storedReturnTo = readCookie(header, returnCookie.name);
  const token = (values.token ?? c.req.query("token"))?.slice(0, 250);
  const requested = values.return_to ?? c.req.query("return_to") ?? returnCookie.read(storedReturnTo, c.req.path);
  const target = resolveReturnTo(requested, settings.RETURN_ORIGINS);
  return {
    c,
    service,
    language,
    texts: messages[language].pages,
    caller: {
      ...service.caller(c),
      language,
      // Derived from the link's token, so that a second submission sets the same cookie if the first response was lost.
      newDeviceSecret:
        storedSecret === undefined || token === undefined
          ? undefined
          : createIdempotencyKey(storedSecret, "device", token),
      idempotencyKeys: storedSecret === undefined ? undefined : createIdempotencyKeys(storedSecret, c, values, token),
    },
    sessionId: await findSession(c, service),
    formSecret,
    setFormCookie() {
      const set = formCookie.set(formSecret);
      if (storedSecret === undefined && !cookies.includes(set)) cookies.push(set);
    },
    notice: notices.read(readCookie(header, notices.name)),
    token,
    returnTo: target === home ? undefined : target,
    hasReturnToCookie: storedReturnTo !== null,
    cookies,
    urlFor(path, query = {}) {
      const entries: [string, string | undefined][] = Object.entries({ lang: chosenLanguage, ...query });
      const params = entries.filter((pair): pair is [string, string] => Boolean(pair[1]));
      return params.length === 0 ? path : `${path}?${new URLSearchParams(params)}`;
    },
  };
}

/**
 * Returns the keys under which the result of a form is stored, so that submitting the form twice has one effect. A POST has a key
 * derived from all fields. A GET or POST with the token of an emailed link has a key derived from the token. Creating a key
 * requires this browser's secret.
 */
function createIdempotencyKeys(
  secret: string,
  c: RequestContext,
  values: FormValues,
  token: string | undefined,
): string[] {
  const link = token === undefined ? [] : [createIdempotencyKey(secret, "link", c.req.path, token)];
  if (c.req.method !== "POST") return link;
  const fields = Object.entries(values).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return [createIdempotencyKey(secret, "form", c.req.path, fields), ...link];
}

/**
 * Returns the caller of a form. Without a `form_id`, a repeated submission looks like a new form with the same values, so the
 * caller has no idempotency keys and each submission takes effect.
 */
export function callerOfForm({ caller }: Visit, { form_id }: FormValues): Caller {
  return form_id === undefined ? { ...caller, idempotencyKeys: [] } : caller;
}

/** Sets the device cookie, so that the account of a redeemed link recognizes this browser. */
export function setDeviceCookie({ caller, cookies, service }: Visit): void {
  cookies.push(...rememberDevice(caller, service.settings));
}

/** Returns the visit as if the request had sent the device cookie that this response sets for a redeemed link. */
export function withKnownDevice(visit: Visit): Visit {
  const { deviceSecrets, newDeviceSecret } = visit.caller;
  return [deviceSecrets ?? []].flat().length > 0
    ? visit
    : { ...visit, caller: { ...visit.caller, deviceSecrets: newDeviceSecret } };
}

/** The origin of a form, according to its token. */
export interface FormOrigin {
  readonly isFromThisBrowser: boolean;
  /** Tag of the account that the form acts for (`createAccountTag`); undefined if there is none. */
  readonly account: string | undefined;
}

export function readFormOrigin({ formSecret }: Visit, { form_token: token = "" }: FormValues): FormOrigin {
  return { isFromThisBrowser: isFormToken(formSecret, token), account: readAccountTag(formSecret, token) };
}

/** Returns true if the account tag of a form or a notice is that of this user. */
export function isSameAccount({ formSecret }: Visit, account: string | undefined, userId: number): boolean {
  return account !== undefined && isSameSecret(account, createAccountTag(formSecret, userId));
}

export async function findLoggedInUser({ service, sessionId }: Visit) {
  return service.auth.getUserFromSessionId(sessionId);
}
