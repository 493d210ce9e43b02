import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "hono";
import { busyError } from "../errors.ts";
import { chooseLanguage, languages } from "../languages/languages.ts";
import { maxBodySize } from "./body.ts";
import { createDeviceSecretFinder, type RequestContext, wantsPage } from "./caller.ts";
import { hostCookie, readCookie } from "./cookies.ts";
import { errorCodes } from "./error-codes.ts";
import { titleCaseHeaders } from "./header-case.ts";
import { toRefusal } from "./refusals.ts";
import type { Handler, Pages, Service } from "./service.ts";

/** A rate of turns: `burst` without delay, then `perSecond`. A turn that would be delayed by more than `maxDelay` is denied. */
interface Pace {
  readonly perSecond: number;
  readonly burst: number;
  /** In milliseconds. */
  readonly maxDelay: number;
}

/** Delays `busy` responses, because clients that retry immediately would take processor time from the hash threads. */
const responsePace: Pace = { perSecond: 1000, burst: 200, maxDelay: 1000 };

/** Limits how many rejected forms are read. Only a form that was read can be shown again with its values. */
const formPace: Pace = { perSecond: 20, burst: 20, maxDelay: -1 };

/** A response that is built once and sent many times. */
interface CachedResponse {
  readonly body: string;
  readonly headers: Record<string, string>;
}

/**
 * Returns a function that guards handlers that hash passwords: if the hash queue is full for the caller, it rejects the request
 * before reading the body. This costs less than a session lookup.
 */
export function createBusyGuard(
  service: Pick<Service, "auth" | "settings" | "answers" | "metrics">,
  pages: Pages,
  addressOf: (c: RequestContext) => string | undefined,
): (path: string, handler: Handler) => Handler {
  const { auth, settings, answers, metrics } = service;
  const devicesOf = createDeviceSecretFinder(settings);
  const nextResponse = createPacer(responsePace);
  const nextForm = createPacer(formPace);
  const formCookie = hostCookie(settings, "form").name;
  const isPagePath = (path: string) => Object.hasOwn(pages.resources, path);
  const cache = new Map<string, CachedResponse | Promise<CachedResponse>>();
  const once = (key: string, create: () => Response | Promise<Response>): CachedResponse | Promise<CachedResponse> => {
    const cached = cache.get(key);
    if (cached) return cached;
    const reading = read(create()).then((response) => {
      cache.set(key, response);
      return response;
    });
    cache.set(key, reading);
    reading.catch(() => cache.delete(key));
    return reading;
  };
  const json = (retryAfter: number) => once(String(retryAfter), () => answers.refuse(toRefusal(busyError(retryAfter))));
  /** A cached page depends only on the language of the request, and on nothing else that the client chose. */
  const page = (c: RequestContext, path: string, retryAfter: number) => {
    const requested = languages.find((each) => each === c.req.query("lang"));
    const language = requested ?? chooseLanguage(c.req.header("Accept-Language"));
    const query = requested === undefined ? "" : `?lang=${requested}`;
    return once(`${retryAfter} ${language} ${path}${query}`, () => {
      const headers = { "Accept-Language": language };
      const blank = new Context(new Request(`${settings.PUBLIC_URL}${path}${query}`, { headers }), {
        path,
        env: {},
        notFoundHandler: () => new Response(null, { status: 404 }),
      });
      return pages.refuse(blank, toRefusal(busyError(retryAfter)));
    });
  };
  const canReadForm = (c: RequestContext) =>
    wantsPage(c) && readCookie(c.req.header("Cookie"), formCookie) !== null && nextForm() !== undefined;
  const refuse = (c: RequestContext, path: string, retryAfter: number) => {
    metrics.countRefusal("busy");
    auth.admission.countRejection();
    const isPage = isPagePath(path) && wantsPage(c);
    const response = isPage ? page(c, path, retryAfter) : json(retryAfter);
    const closes = Number(c.req.header("Content-Length")) > maxBodySize;
    const delay = nextResponse() ?? 0;
    if (delay === 0 && !(response instanceof Promise)) return respond(response, closes);
    return Promise.all([response, delay > 0 && sleep(delay)]).then(([each]) => respond(each, closes));
  };
  return (path, handler) => (c) => {
    const decide = (retryAfter: number | undefined) =>
      retryAfter === undefined || (isPagePath(path) && canReadForm(c)) ? handler(c) : refuse(c, path, retryAfter);
    const retryAfter = auth.admission.getRetryAfter({ ip: addressOf(c), deviceSecrets: devicesOf(c) });
    return retryAfter instanceof Promise ? retryAfter.then(decide) : decide(retryAfter);
  };
}

/** @param closes whether the connection must end, because the body is too large to be read */
function respond({ body, headers }: CachedResponse, closes: boolean): Response {
  return new Response(body, {
    status: errorCodes.busy.status,
    headers: closes ? { ...headers, Connection: "close" } : headers,
  });
}

async function read(creating: Response | Promise<Response>): Promise<CachedResponse> {
  const response = await creating;
  return { body: await response.text(), headers: titleCaseHeaders(Object.fromEntries(response.headers)) };
}

/** Returns a function that takes the next turn. It returns the delay in milliseconds, or undefined if the turn is denied. */
function createPacer({ perSecond, burst, maxDelay }: Pace): () => number | undefined {
  const gap = 1000 / perSecond;
  let next = 0;
  return () => {
    const now = performance.now();
    const at = Math.max(next, now - burst * gap);
    if (at - now > maxDelay) return undefined;
    next = at + gap;
    return Math.max(0, Math.ceil(at - now));
  };
}
