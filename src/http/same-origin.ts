import type { Settings } from "../settings/settings.ts";
import type { RequestContext } from "./caller.ts";
import { RequestError } from "./refusals.ts";

/**
 * Refuses what another site's page makes a browser send. Browsers say where a request comes from; programs say nothing,
 * and pass: they hold no one else's cookie (OWASP CSRF Prevention Cheat Sheet, "Fetch Metadata").
 *
 * @throws {RequestError} `cross_site`
 */
export function requireSameOrigin(c: RequestContext, { PUBLIC_URL, CORS_ORIGINS }: Settings): void {
  const site = c.req.header("Sec-Fetch-Site");
  if (site === "same-origin" || site === "none") return;
  const origin = c.req.header("Origin");
  if (origin === undefined && site === undefined) return;
  if (origin !== undefined && (origin === PUBLIC_URL || CORS_ORIGINS.includes(origin))) return;
  // A browser that says more knows better than a Host that a proxy may have written.
  if (origin !== undefined && site === undefined && URL.canParse(origin) && new URL(origin).host === hostOf(c)) return;
  throw new RequestError("cross_site", "requests from pages of other sites are refused");
}

/** The Host header as an origin has it: in lower case, without the scheme's own port. */
function hostOf(c: RequestContext): string | undefined {
  const url = `${new URL(c.req.url).protocol}//${c.req.header("Host") ?? ""}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
}
