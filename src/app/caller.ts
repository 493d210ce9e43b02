import { isIP } from "node:net";
import type { Context } from "hono";
import type { Caller } from "../auth/auth.ts";
import { chooseLanguage } from "../languages/languages.ts";
import type { Log } from "../log.ts";
import type { RequestIds } from "../request-ids.ts";
import type { Settings } from "../settings.ts";
import { deviceCookie, isDevice, readCookies } from "./cookies.ts";
import { networks } from "./peers.ts";

/** What the server knows of a request beside the Request; of a Request alone nothing is known, and nothing assumed. */
export interface Bindings {
  readonly incoming?: {
    readonly headers: { readonly cookie?: string | undefined };
    readonly socket: { readonly remoteAddress?: string | undefined };
  };
}

/** What was found out about a request and is wanted again. */
export interface Found {
  ids?: RequestIds;
}

export type Request = Context<{ Bindings: Bindings; Variables: Found }>;

/** Headers by which a proxy says that it speaks for another machine. */
const forwarding = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"];
/** More proxies than anyone has in a row. */
const mostHops = 20;
/** Where an operator's own machines are: a proxy there that was not declared is a mistake, a stranger elsewhere is none. */
const isNearby = networks([
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "::1",
  "fc00::/7",
  "fe80::/10",
]);

/**
 * Tells who asks. That is the peer, unless it is one of TRUSTED_PROXIES: then it is the last address of X-Forwarded-For that
 * is none of them, for each proxy adds the one that it was called from, and what stands before may be anybody's invention.
 * Nobody else's header is believed; the first one from a machine nearby is said in the log.
 */
export function callers(
  settings: Pick<Settings, "TRUSTED_PROXIES" | "PUBLIC_URL">,
  log: Log,
  idsOf: (c: Request) => RequestIds,
): (c: Request) => Caller {
  const isTrusted = networks(settings.TRUSTED_PROXIES);
  const device = deviceCookie(settings);
  let noticed = false;
  const notice = (c: Request, peer: string) => {
    if (noticed || !isNearby(peer) || !isForwarded(c)) return;
    noticed = true;
    log.warn(
      { event: "undeclared_proxy", peer },
      "a proxy that is not in TRUSTED_PROXIES speaks for others: all of them count as one caller",
    );
  };
  return (c) => {
    const peer = peerOf(c);
    if (peer !== undefined && !isTrusted(peer)) notice(c, peer);
    return {
      ip: peer && origin(peer, c.req.header("X-Forwarded-For"), isTrusted),
      userAgent: printable(c.req.header("User-Agent")),
      language: chooseLanguage(c.req.header("Accept-Language")),
      device: readCookies(c.req.header("Cookie"), device.name).filter(isDevice),
      request: idsOf(c),
    };
  };
}

/** Follows the hops back as far as they are trusted, or make sense. Several headers come as one, with commas. */
function origin(peer: string, forwardedFor = "", isTrusted: (address: string) => boolean): string {
  let address = peer;
  for (const hop of forwardedFor.split(",").slice(-mostHops).reverse()) {
    const before = isTrusted(address) && addressOf(hop);
    if (!before) break;
    address = before;
  }
  return address;
}

/** The address of a hop: `192.0.2.1`, `192.0.2.1:8080`, `2001:db8::1` or `[2001:db8::1]:8080`; undefined for anything else. */
function addressOf(hop: string): string | undefined {
  const text = hop.trim();
  const [, bracketed, dotted] = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  const address = (bracketed ?? dotted ?? text).replace(/%.*$/, "");
  return isIP(address) === 0 ? undefined : address;
}

/** Without the interface that a link-local address came by. */
function peerOf(c: Request): string | undefined {
  return c.env?.incoming?.socket.remoteAddress?.replace(/%.*$/, "");
}

function isForwarded(c: Request): boolean {
  return forwarding.some((name) => c.req.header(name) !== undefined);
}

/**
 * Whether a program on this machine asks: over loopback, not through a proxy, and by a name of this machine. The name
 * counts because a page of another site can have its own name resolve to this machine (DNS rebinding).
 */
export function isThisMachine(c: Request): boolean {
  if (!/^(::ffff:)?127\.|^::1$/.test(peerOf(c) ?? "")) return false;
  if (isForwarded(c)) return false;
  return /^(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(:\d+)?$/i.test(c.req.header("Host") ?? "");
}

/**
 * Whether somebody at a browser asks, and not a program: its Accept names HTML. Programs say `*\/*` or nothing.
 */
export function wantsPage(c: Request): boolean {
  const accepted = c.req.header("Accept")?.split(",") ?? [];
  return accepted.some((range) => /^\s*text\/html\s*(;|$)/i.test(range) && !/;\s*q=0(\.0*)?\s*$/i.test(range));
}

function printable(text: string | undefined): string | undefined {
  return text?.replace(/[^\x20-\x7e]/g, "?").slice(0, 250);
}
