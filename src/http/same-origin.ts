import type { Settings } from "../settings/settings.ts";
import type { RequestContext } from "./caller.ts";
import { RequestError } from "./refusals.ts";

/**
 * Rejects requests that a browser sends for a page of another site. Requests without `Sec-Fetch-Site` and `Origin` pass: they come
 * from programs, and no page can make a program send a user's cookie (OWASP CSRF Prevention Cheat Sheet, "Fetch Metadata").
 *
 * @throws {RequestError} `cross_site`
 */
export function requireSameOrigin(c: RequestContext, { PUBLIC_URL, CORS_ORIGINS }: Settings): void {
  const site = c.req.header("Sec-Fetch-Site");
  if (site === "same-origin" || site === "none") return;
  const origin = c.req.header("Origin");
  if (origin === undefined && site === undefined) return;
  if (origin !== undefined && (origin === PUBLIC_URL || CORS_ORIGINS.includes(origin))) return;
  // Host is compared only if there is no Sec-Fetch-Site, because a proxy can rewrite Host.
  if (origin !== undefined && site === undefined && URL.canParse(origin) && new URL(origin).host === hostOf(c)) return;
  throw new RequestError("cross_site", "requests from pages of other sites are not allowed");
}

/** Returns the Host header as in an origin: in lower case, without the default port. */
function hostOf(c: RequestContext): string | undefined {
  const url = `${new URL(c.req.url).protocol}//${c.req.header("Host") ?? ""}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
}
