import type { Settings } from "../settings/settings.ts";
import type { Refusal } from "./refusals.ts";

/** Headers of one answer, beside those of all; of a list, each is a header of its own. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[]>>;

/** Makes the answers of one service. Each is made whole, headers and all: adding them one by one costs a third of the speed. */
export interface Answers {
  /** JSON, compact and ended by a newline. */
  json(status: number, body: object, headers?: ResponseHeaders): Response;
  /** The contract's redirect: relative, and 302; after a form, 303. */
  redirect(location: string, headers?: ResponseHeaders, status?: 302 | 303): Response;
  /** What is no JSON: pages, and what goes with them. */
  content(status: number, body: string | Uint8Array<ArrayBuffer>, headers: ResponseHeaders): Response;
  /** 204, which has no body. */
  noContent(headers?: ResponseHeaders): Response;
  refuse(refusal: Refusal, headers?: ResponseHeaders): Response;
}

/** Headers of every answer: nothing is cached, framed, run or guessed at. */
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
  const always = {
    ...commonHeaders,
    ...(PUBLIC_URL.startsWith("https:") && { "Strict-Transport-Security": hsts }),
    // Whoever keeps an answer all the same must not hand one origin's to another.
    ...(CORS_ORIGINS.length > 0 && { Vary: "Origin" }),
  };
  const ofJson = { ...always, "Content-Type": "application/json" };
  const json = (status: number, body: object, headers?: ResponseHeaders) =>
    new Response(`${JSON.stringify(body)}\n`, {
      status,
      headers: headers ? listed({ ...ofJson, ...headers }) : ofJson,
    });
  return {
    json,
    redirect: (Location, headers, status = 302) =>
      new Response("", { status, headers: listed({ ...always, Location, ...headers }) }),
    content: (status, body, headers) => new Response(body, { status, headers: listed({ ...always, ...headers }) }),
    noContent: (headers) => new Response(null, { status: 204, headers: listed({ ...always, ...headers }) }),
    refuse: ({ code, status, message, retryAfter, closesConnection: close }, headers) =>
      json(
        status,
        { message },
        {
          "Error-Code": code,
          ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }),
          ...(close && { Connection: "close" }),
          ...headers,
        },
      ),
  };
}

function listed(headers: ResponseHeaders): [string, string][] {
  const list: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === "string") list.push([name, value]);
    else for (const each of value) list.push([name, each]);
  }
  return list;
}
