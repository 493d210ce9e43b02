import type { Settings } from "../settings/settings.ts";
import type { Refusal } from "./refusals.ts";

/** Headers in addition to those of every response. Each value of a list becomes a header line. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[]>>;

/** Creates each response with all its headers, because adding them one by one reduces throughput by a third. */
export interface Answers {
  /** Compact JSON, followed by a newline. */
  json(status: number, body: object, headers?: ResponseHeaders): Response;
  /** A redirect to a relative URL. The status is 302 by default, as in the contract, and 303 after a form. */
  redirect(location: string, headers?: ResponseHeaders, status?: 302 | 303): Response;
  /** A body that is not JSON, such as a page. */
  content(status: number, body: string | Uint8Array<ArrayBuffer>, headers: ResponseHeaders): Response;
  /** A response with status 204. */
  noContent(headers?: ResponseHeaders): Response;
  refuse(refusal: Refusal, headers?: ResponseHeaders): Response;
}

/** The headers of every response. They forbid caching, framing, scripts and content sniffing. */
export const commonHeaders = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
};

export function createAnswers({
  PUBLIC_URL,
  HSTS_SUBDOMAINS,
  CORS_ORIGINS,
}: Pick<Settings, "PUBLIC_URL" | "HSTS_SUBDOMAINS" | "CORS_ORIGINS">): Answers {
  // RFC 6797, 6.1. Subdomains are opt-in: they may belong to an application that has no https yet.
  const hsts = HSTS_SUBDOMAINS === "on" ? "max-age=31536000; includeSubDomains" : "max-age=31536000";
  const common = {
    ...commonHeaders,
    ...(PUBLIC_URL.startsWith("https:") && { "Strict-Transport-Security": hsts }),
    // A cache that ignores no-store must not serve one origin's response to another.
    ...(CORS_ORIGINS.length > 0 && { Vary: "Origin" }),
  };
  const jsonHeaders = { ...common, "Content-Type": "application/json" };
  const json = (status: number, body: object, headers?: ResponseHeaders) =>
    new Response(`${JSON.stringify(body)}\n`, {
      status,
      headers: headers ? toHeaderList({ ...jsonHeaders, ...headers }) : jsonHeaders,
    });
  return {
    json,
    redirect: (Location, headers, status = 302) =>
      new Response("", { status, headers: toHeaderList({ ...common, Location, ...headers }) }),
    content: (status, body, headers) =>
      new Response(body, { status, headers: toHeaderList({ ...common, ...headers }) }),
    noContent: (headers) => new Response(null, { status: 204, headers: toHeaderList({ ...common, ...headers }) }),
    refuse: ({ code, status, message, retryAfter, closesConnection }, headers) =>
      json(
        status,
        { message },
        {
          "Error-Code": code,
          ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }),
          ...(closesConnection && { Connection: "close" }),
          ...headers,
        },
      ),
  };
}

function toHeaderList(headers: ResponseHeaders): [string, string][] {
  const list: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === "string") list.push([name, value]);
    else for (const each of value) list.push([name, each]);
  }
  return list;
}
