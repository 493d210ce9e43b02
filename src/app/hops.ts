import { isIP } from "node:net";
import { networks } from "./peers.ts";

/** What keeps a declared proxy's callers from being told apart. */
export interface HopProblem {
  readonly kind: "silent" | "unreadable" | "private";
  /** The proxy that was asked who called it. */
  readonly proxy: string;
  /** The header that was looked at. */
  readonly header: string;
  /** What it says there, for one that says something. */
  readonly hop?: string;
}

/** Where a request came from, and what is wrong with what the proxies say of it. */
export interface Followed {
  readonly address: string;
  readonly problem?: HopProblem;
}

/** More proxies than anyone has in a row. */
const maxHops = 20;

/** Addresses of an operator's own machines: private, shared, link-local and loopback (RFC 6890). */
export const isNearby = networks([
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
 * Follows the hops of `X-Forwarded-For` back as far as they are trusted: each proxy adds the address that it was called from,
 * and what stands before may be anybody's invention. `Forwarded` (RFC 7239) is read only where there is no `X-Forwarded-For`: a
 * proxy that adds to the one passes on what a client wrote into the other.
 *
 * @param peer the address that the connection came from
 * @param header the value of a header; several of one name come as one, with commas
 */
export function followHops(
  peer: string,
  header: (name: string) => string | undefined,
  isTrusted: (address: string) => boolean,
): Followed {
  if (!isTrusted(peer)) return { address: peer };
  const listed = header("X-Forwarded-For");
  const forwarded = listed === undefined ? header("Forwarded") : undefined;
  const name = forwarded === undefined ? "X-Forwarded-For" : "Forwarded";
  const hops = forwarded === undefined ? (listed?.split(",") ?? []) : forwardedFor(forwarded);
  let address = peer;
  for (const hop of hops.slice(-maxHops).reverse()) {
    const before = addressOf(hop);
    if (before === undefined) {
      const text = hop.trim();
      const kind = text === "" ? "silent" : "unreadable";
      return { address, problem: { kind, proxy: address, header: name, hop: text } };
    }
    if (!isTrusted(before)) {
      const problem: HopProblem = { kind: "private", proxy: address, header: name, hop: before };
      return isNearby(before) ? { address: before, problem } : { address: before };
    }
    address = before;
  }
  return { address, problem: { kind: "silent", proxy: address, header: name } };
}

/**
 * The `for` of each element of a `Forwarded` header (RFC 7239, 4), empty where an element has none. Quotes are not heeded
 * when it is split: a client that opens one would swallow what the proxy adds.
 */
function forwardedFor(header: string): string[] {
  return header.split(",").map((element) => /(?:^|;)\s*for=("?)([^";\s]*)\1\s*(?:;|$)/i.exec(element)?.[2] ?? "");
}

/** The address of a hop: `192.0.2.1`, `192.0.2.1:8080`, `2001:db8::1` or `[2001:db8::1]:8080`; undefined for anything else. */
function addressOf(hop: string): string | undefined {
  const text = hop.trim();
  const [, bracketed, dotted] = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  const address = (bracketed ?? dotted ?? text).replace(/%.*$/, "");
  return isIP(address) === 0 ? undefined : address;
}
