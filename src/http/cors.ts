import type { MiddlewareHandler } from "hono";
import type { Settings } from "../settings/settings.ts";
import type { Answers } from "./answers.ts";

/** How long browsers cache a preflight response, in seconds. Short, so that a mistake in CORS_ORIGINS does not last. */
const maxAge = 600;

/**
 * Middleware that lets pages of CORS_ORIGINS call the API with the session cookie and read responses, including errors
 * (https://fetch.spec.whatwg.org/#http-cors-protocol). Other origins see no difference. It slows every request down, so install it
 * only if CORS_ORIGINS is set.
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
