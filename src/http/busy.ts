import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "hono";
import { busyError } from "../errors.ts";
import { chooseLanguage, languages } from "../languages/languages.ts";
import { maxBodySize } from "./body.ts";
import { deviceSecretFinder, type RequestContext, wantsPage } from "./caller.ts";
import { hostCookie, readCookie } from "./cookies.ts";
import { errorCodes } from "./error-codes.ts";
import { titleCaseHeaders } from "./header-case.ts";
import { toRefusal } from "./refusals.ts";
import type { Handler, Pages, Service } from "./service.ts";

/**
 * How many refusals are answered in a second after how many at once, and how long one is held at most, in milliseconds. Otherwise
 * programs that retry as soon as they are refused would take the cores from the threads that hash.
 */
const pace = { perSecond: 1000, atOnce: 200, longest: 1000 };

/** How many refused forms a second are read all the same, to be shown again with what was typed. */
const formsRead = { perSecond: 20, atOnce: 20, longest: -1 };

/** A response that is built once and sent many times. */
interface Answer {
  readonly body: string;
  readonly headers: Record<string, string>;
}

/**
 * Returns a function that guards a handler that hashes passwords: if the queue has no place for the caller, the request is refused
 * before its body is read, at a lower cost than a session lookup.
 */
export function busyGuard(
  service: Pick<Service, "auth" | "settings" | "answers" | "metrics">,
  pages: Pages,
  addressOf: (c: RequestContext) => string | undefined,
): (path: string, handler: Handler) => Handler {
  const { auth, settings, answers, metrics } = service;
  const devicesOf = deviceSecretFinder(settings);
  const turn = pacer(pace);
  const formTurn = pacer(formsRead);
  const formCookie = hostCookie(settings, "form").name;
  const isForm = (path: string) => Object.hasOwn(pages.resources, path);
  const made = new Map<string, Answer | Promise<Answer>>();
  const once = (key: string, make: () => Response | Promise<Response>): Answer | Promise<Answer> => {
    const known = made.get(key);
    if (known) return known;
    const making = read(make()).then((answer) => {
      made.set(key, answer);
      return answer;
    });
    made.set(key, making);
    making.catch(() => made.delete(key));
    return making;
  };
  const json = (retryAfter: number) => once(String(retryAfter), () => answers.refuse(toRefusal(busyError(retryAfter))));
  /** A page that is kept depends on the language of a request and on nothing else that its sender chose. */
  const page = (c: RequestContext, path: string, retryAfter: number) => {
    const chosen = languages.find((each) => each === c.req.query("lang"));
    const language = chosen ?? chooseLanguage(c.req.header("Accept-Language"));
    const query = chosen === undefined ? "" : `?lang=${chosen}`;
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
  const isReadForm = (c: RequestContext) =>
    wantsPage(c) && readCookie(c.req.header("Cookie"), formCookie) !== null && formTurn() !== undefined;
  const refuse = (c: RequestContext, path: string, retryAfter: number) => {
    metrics.countRefusal("busy");
    auth.admission.countRejection();
    const isPage = isForm(path) && wantsPage(c);
    const answer = isPage ? page(c, path, retryAfter) : json(retryAfter);
    const close = Number(c.req.header("Content-Length")) > maxBodySize;
    const held = turn() ?? 0;
    if (held === 0 && !(answer instanceof Promise)) return respond(answer, close);
    return Promise.all([answer, held > 0 && sleep(held)]).then(([each]) => respond(each, close));
  };
  return (path, handler) => (c) => {
    const decide = (retryAfter: number | undefined) =>
      retryAfter === undefined || (isForm(path) && isReadForm(c)) ? handler(c) : refuse(c, path, retryAfter);
    const refused = auth.admission.getRetryAfter({ ip: addressOf(c), device: devicesOf(c) });
    return refused instanceof Promise ? refused.then(decide) : decide(refused);
  };
}

/** @param close whether the body is too long to be read to its end, so that the connection must end */
function respond({ body, headers }: Answer, close: boolean): Response {
  return new Response(body, {
    status: errorCodes.busy.status,
    headers: close ? { ...headers, Connection: "close" } : headers,
  });
}

async function read(response: Response | Promise<Response>): Promise<Answer> {
  const answer = await response;
  return { body: await answer.text(), headers: titleCaseHeaders(Object.fromEntries(answer.headers)) };
}

/** Returns a function that takes the next turn and returns the milliseconds until it; undefined if they exceed `longest`. */
function pacer({ perSecond, atOnce, longest }: typeof pace): () => number | undefined {
  const gap = 1000 / perSecond;
  let next = 0;
  return () => {
    const now = performance.now();
    const at = Math.max(next, now - atOnce * gap);
    if (at - now > longest) return undefined;
    next = at + gap;
    return Math.max(0, Math.ceil(at - now));
  };
}
