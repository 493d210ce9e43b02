import type { MiddlewareHandler } from "hono";
import type { Settings } from "../settings/settings.ts";
import type { Answers } from "./answers.ts";

/** How long a browser need not ask again, in seconds: what was allowed by mistake is not allowed for long. */
const maxAge = 600;

/**
 * Lets the pages of CORS_ORIGINS call with the session's cookie, and read the answers, refusals too; to every other origin
 * nothing is different (https://fetch.spec.whatwg.org/#http-cors-protocol). It is for an app that has such origins: as a
 * middleware it costs a part of the speed.
 */
export function cors({ CORS_ORIGINS }: Pick<Settings, "CORS_ORIGINS">, answers: Answers): MiddlewareHandler {
  return async (c, next) => {
    const origin = c.req.header("Origin");
    if (origin === undefined || !CORS_ORIGINS.includes(origin)) return next();
    const preflight = c.req.method === "OPTIONS" && c.req.header("Access-Control-Request-Method") !== undefined;
    if (preflight) c.res = answers.noContent(preflightHeaders);
    else await next();
    c.res.headers.set("Access-Control-Allow-Origin", origin);
    c.res.headers.set("Access-Control-Allow-Credentials", "true");
    c.res.headers.set("Access-Control-Expose-Headers", "Error-Code, Retry-After");
  };
}

const preflightHeaders = {
  "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, DELETE",
  "Access-Control-Allow-Headers": "content-type",
  "Access-Control-Max-Age": String(maxAge),
};
