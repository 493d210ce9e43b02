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

/** What the server knows of a request beside the Request; of a Request alone nothing is known, and nothing assumed. */
export interface Bindings {
  readonly incoming?: {
    readonly headers: { readonly cookie?: string | undefined };
    readonly socket: { readonly remoteAddress?: string | undefined; readonly localAddress?: string | undefined };
  };
}

/** What was found out about a request and is wanted again. */
export interface Variables {
  ids?: RequestIds;
}

export type RequestContext = Context<{ Bindings: Bindings; Variables: Variables }>;

/**
 * Returns a function that finds the address that a request comes from: the peer's, or, if the peer is one of TRUSTED_PROXIES, the
 * one that the proxies name. Forwarding headers of anyone else are ignored; the first one from a nearby machine is logged, and so
 * are proxies that do not name their callers.
 */
export function addressFinder(
  settings: Pick<Settings, "TRUSTED_PROXIES">,
  log: Log,
): (c: RequestContext) => string | undefined {
  const isTrusted = networkMatcher(settings.TRUSTED_PROXIES);
  let noticed = false;
  const notice = (c: RequestContext, peer: string) => {
    if (noticed || !isPrivateAddress(peer) || !isForwarded(c.req.raw.headers.keys())) return;
    noticed = true;
    log.warn(
      { event: "undeclared_proxy", peer },
      "a proxy that is not in TRUSTED_PROXIES speaks for others: all of them count as one caller",
    );
  };
  const warn = proxyWarner(log);
  return (c) => {
    // Without the interface that a link-local address came by.
    const peer = c.env?.incoming?.socket.remoteAddress?.replace(/%.*$/, "");
    if (peer === undefined) return undefined;
    if (!isTrusted(peer)) {
      notice(c, peer);
      return peer;
    }
    const header = (name: string) => c.req.header(name);
    const { address, problem } = resolveClientAddress(peer, header, isTrusted);
    if (problem) warn(problem, header);
    return address;
  };
}

/** Returns a function that finds the device secrets that a request presents. */
export function deviceSecretFinder(settings: Pick<Settings, "PUBLIC_URL">): (c: RequestContext) => string[] {
  const { name } = deviceCookie(settings);
  return (c) => readCookies(c.req.header("Cookie"), name).filter(isDeviceSecret);
}

/** Returns a function that describes the caller of a request. */
export function callerFinder(
  settings: Pick<Settings, "TRUSTED_PROXIES" | "PUBLIC_URL">,
  log: Log,
  idsOf: (c: RequestContext) => RequestIds,
  addressOf = addressFinder(settings, log),
): (c: RequestContext) => Caller {
  const devicesOf = deviceSecretFinder(settings);
  return (c) => ({
    ip: addressOf(c),
    userAgent: printable(c.req.header("User-Agent")),
    language: chooseLanguage(c.req.header("Accept-Language")),
    device: devicesOf(c),
    request: idsOf(c),
  });
}

/**
 * Whether somebody at a browser asks, and not a program: its Accept names HTML. Programs say `*\/*` or nothing.
 */
export function wantsPage(c: RequestContext): boolean {
  const accepted = c.req.header("Accept")?.split(",") ?? [];
  return accepted.some((range) => /^\s*text\/html\s*(;|$)/i.test(range) && !/;\s*q=0(\.0*)?\s*$/i.test(range));
}

function printable(text: string | undefined): string | undefined {
  return text?.replace(/[^\x20-\x7e]/g, "?").slice(0, 250);
}
