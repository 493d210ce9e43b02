import type { Context } from "hono";
import type { Caller } from "../auth/auth.ts";
import { chooseLanguage } from "../languages/languages.ts";
import type { Log } from "../observe/log.ts";
import type { RequestIds } from "../observe/request-ids.ts";
import type { Settings } from "../settings/settings.ts";
import { deviceCookie, isDeviceSecret, readCookies } from "./cookies.ts";
import { isPrivateAddress, resolveClientAddress } from "./hops.ts";
import { isForwarded, networkMatcher } from "./peers.ts";
import { proxyWarner } from "./proxy-warner.ts";

/** Node's request. Without it, the caller's address is unknown. */
export interface Bindings {
  readonly incoming?: {
    readonly headers: { readonly cookie?: string | undefined };
    readonly socket: { readonly remoteAddress?: string | undefined; readonly localAddress?: string | undefined };
  };
}

/** Values that are cached per request. */
export interface Variables {
  ids?: RequestIds;
}

export type RequestContext = Context<{ Bindings: Bindings; Variables: Variables }>;

/**
 * Returns a function that finds the caller's IP address: that of the peer or, if the peer is one of TRUSTED_PROXIES, the one in its
 * forwarding headers. Forwarding headers of other peers are ignored. Logs a warning when a private address first sends them,
 * and when a trusted proxy does not name its caller.
 */
export function createAddressFinder(
  settings: Pick<Settings, "TRUSTED_PROXIES">,
  log: Log,
): (c: RequestContext) => string | undefined {
  const isTrusted = networkMatcher(settings.TRUSTED_PROXIES);
  let isLogged = false;
  const logUndeclaredProxy = (c: RequestContext, peer: string) => {
    if (isLogged || !isPrivateAddress(peer) || !isForwarded(c.req.raw.headers.keys())) return;
    isLogged = true;
    log.warn(
      { event: "undeclared_proxy", peer },
      "a proxy that is not in TRUSTED_PROXIES forwards requests: all of its clients count as one caller",
    );
  };
  const warn = proxyWarner(log);
  return (c) => {
    // Removes the zone of a link-local address, such as `%eth0`.
    const peer = c.env?.incoming?.socket.remoteAddress?.replace(/%.*$/, "");
    if (peer === undefined) return undefined;
    if (!isTrusted(peer)) {
      logUndeclaredProxy(c, peer);
      return peer;
    }
    const header = (name: string) => c.req.header(name);
    const { address, problem } = resolveClientAddress(peer, header, isTrusted);
    if (problem) warn(problem, header);
    return address;
  };
}

/** Returns a function that finds the device secrets that a request presents. */
export function createDeviceSecretFinder(settings: Pick<Settings, "PUBLIC_URL">): (c: RequestContext) => string[] {
  const { name } = deviceCookie(settings);
  return (c) => readCookies(c.req.header("Cookie"), name).filter(isDeviceSecret);
}

/** Returns a function that describes the caller of a request. */
export function createCallerFinder(
  settings: Pick<Settings, "TRUSTED_PROXIES" | "PUBLIC_URL">,
  log: Log,
  idsOf: (c: RequestContext) => RequestIds,
  addressOf = createAddressFinder(settings, log),
): (c: RequestContext) => Caller {
  const devicesOf = createDeviceSecretFinder(settings);
  return (c) => ({
    ip: addressOf(c),
    userAgent: toPrintable(c.req.header("User-Agent")),
    language: chooseLanguage(c.req.header("Accept-Language")),
    deviceSecrets: devicesOf(c),
    requestIds: idsOf(c),
  });
}

/** Returns true for browsers, whose Accept header names HTML. Programs send `*\/*` or no Accept header. */
export function wantsPage(c: RequestContext): boolean {
  const accepted = c.req.header("Accept")?.split(",") ?? [];
  return accepted.some((range) => /^\s*text\/html\s*(;|$)/i.test(range) && !/;\s*q=0(\.0*)?\s*$/i.test(range));
}

function toPrintable(text: string | undefined): string | undefined {
  return text?.replace(/[^\x20-\x7e]/g, "?").slice(0, 250);
}
