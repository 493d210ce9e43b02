import type { Settings } from "../settings.ts";
import type { Refusal } from "./refusals.ts";

/** Headers of one answer, beside those of all. */
export type Headers = Readonly<Record<string, string>>;

/** Makes the answers of one service. Each is made whole, headers and all: adding them one by one costs a third of the speed. */
export interface Answers {
  /** JSON, compact and ended by a newline. */
  json(status: number, body: object, headers?: Headers): Response;
  /** The contract's redirect: relative, and 302. */
  redirect(location: string, headers?: Headers): Response;
  refuse(refusal: Refusal, headers?: Headers): Response;
}

/** Headers of every answer: nothing is cached, framed, run or guessed at. */
export const onEveryAnswer = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
};

export function answers({ PUBLIC_URL }: Pick<Settings, "PUBLIC_URL">): Answers {
  const always = {
    ...onEveryAnswer,
    ...(PUBLIC_URL.startsWith("https:") && { "Strict-Transport-Security": "max-age=31536000; includeSubDomains" }),
  };
  const ofJson = { ...always, "Content-Type": "application/json" };
  const json = (status: number, body: object, headers?: Headers) =>
    new Response(`${JSON.stringify(body)}\n`, { status, headers: headers ? { ...ofJson, ...headers } : ofJson });
  return {
    json,
    redirect: (Location, headers) => new Response("", { status: 302, headers: { ...always, Location, ...headers } }),
    refuse: ({ status, message, retryAfter, close }, headers) =>
      json(
        status,
        { message },
        {
          ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }),
          ...(close && { Connection: "close" }),
          ...headers,
        },
      ),
  };
}
