import { isIP } from "node:net";
import { networkMatcher } from "./peers.ts";

/** The reason why callers behind a trusted proxy cannot be distinguished. */
export interface HopProblem {
  readonly kind: "silent" | "unreadable" | "private";
  /** The proxy whose caller is unknown. */
  readonly proxy: string;
  /** The name of the header. */
  readonly header: string;
  /** The header's value for that hop, if any. */
  readonly hop?: string;
}

/** The address that a request came from, and a problem with the headers that name it. */
interface ResolvedAddress {
  readonly address: string;
  readonly problem?: HopProblem;
}

/** Longer than any real chain of proxies. */
const maxHops = 20;

/** Returns true if an address is private, shared, link-local or loopback (RFC 6890), and so probably the operator's own. */
export const isPrivateAddress = networkMatcher([
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
 * Reads `X-Forwarded-For` from right to left, and returns the first address that is not a trusted proxy. If the header is missing,
 * ends before, or has a hop that is not an address, returns the last trusted proxy reached, with a `problem`. A private address
 * is also returned with a `problem`.
 *
 * Each proxy appends the address that called it, and clients can forge everything before that. `Forwarded` (RFC 7239) is read only
 * if there is no `X-Forwarded-For`, because a proxy that appends to one header passes the other on as the client wrote it.
 *
 * @param peer the trusted proxy that the connection came from
 * @param header returns the value of a header; repeated headers are joined by commas
 */
export function resolveClientAddress(
  peer: string,
  header: (name: string) => string | undefined,
  isTrusted: (address: string) => boolean,
): ResolvedAddress {
  const listed = header("X-Forwarded-For");
  const forwarded = listed === undefined ? header("Forwarded") : undefined;
  const name = forwarded === undefined ? "X-Forwarded-For" : "Forwarded";
  const hops = forwarded === undefined ? (listed?.split(",") ?? []) : parseForwarded(forwarded);
  let address = peer;
  for (const hop of hops.slice(-maxHops).reverse()) {
    const previous = parseHop(hop);
    if (previous === undefined) {
      const text = hop.trim();
      const kind = text === "" ? "silent" : "unreadable";
      return { address, problem: { kind, proxy: address, header: name, hop: text } };
    }
    if (!isTrusted(previous)) {
      const problem: HopProblem = { kind: "private", proxy: address, header: name, hop: previous };
      return isPrivateAddress(previous) ? { address: previous, problem } : { address: previous };
    }
    address = previous;
  }
  return { address, problem: { kind: "silent", proxy: address, header: name } };
}

/**
 * Returns the `for` parameter of each element of a `Forwarded` header (RFC 7239, 4), or an empty string. Splitting ignores quotes:
 * otherwise a client could open a quote that swallows the elements appended by proxies.
 */
function parseForwarded(header: string): string[] {
  return header.split(",").map((element) => /(?:^|;)\s*for=("?)([^";\s]*)\1\s*(?:;|$)/i.exec(element)?.[2] ?? "");
}

/** Parses `192.0.2.1`, `192.0.2.1:8080`, `2001:db8::1` or `[2001:db8::1]:8080`; returns undefined for anything else. */
function parseHop(hop: string): string | undefined {
  const text = hop.trim();
  const [, bracketed, dotted] = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  const address = (bracketed ?? dotted ?? text).replace(/%.*$/, "");
  return isIP(address) === 0 ? undefined : address;
}
