import { isIP } from "node:net";
import { networkMatcher } from "./peers.ts";

/** Why the callers behind a declared proxy cannot be told apart. */
export interface HopProblem {
  readonly kind: "silent" | "unreadable" | "private";
  /** The proxy whose caller is unknown. */
  readonly proxy: string;
  /** The header that was read. */
  readonly header: string;
  /** Its value for that hop, if it has one. */
  readonly hop?: string;
}

/** Where a request came from, and a problem with the headers that say so. */
interface ResolvedAddress {
  readonly address: string;
  readonly problem?: HopProblem;
}

/** More than any real chain of proxies. */
const maxHops = 20;

/** Whether an address is private, shared, link-local or loopback (RFC 6890), as those of an operator's own machines are. */
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
 * Follows the hops of `X-Forwarded-For` back for as long as they are trusted proxies: each proxy appends the address that
 * called it, and clients can forge everything before. `Forwarded` (RFC 7239) is read only if there is no `X-Forwarded-For`: a
 * proxy that appends to one header passes the other on as the client wrote it.
 *
 * @param peer the trusted proxy that the connection came from
 * @param header returns the value of a header; several of one name are joined by commas
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
    const before = parseHop(hop);
    if (before === undefined) {
      const text = hop.trim();
      const kind = text === "" ? "silent" : "unreadable";
      return { address, problem: { kind, proxy: address, header: name, hop: text } };
    }
    if (!isTrusted(before)) {
      const problem: HopProblem = { kind: "private", proxy: address, header: name, hop: before };
      return isPrivateAddress(before) ? { address: before, problem } : { address: before };
    }
    address = before;
  }
  return { address, problem: { kind: "silent", proxy: address, header: name } };
}

/**
 * The `for` of each element of a `Forwarded` header (RFC 7239, 4), or an empty string. Splitting ignores quotes: otherwise a
 * client could open a quote that swallows what the proxy appends.
 */
function parseForwarded(header: string): string[] {
  return header.split(",").map((element) => /(?:^|;)\s*for=("?)([^";\s]*)\1\s*(?:;|$)/i.exec(element)?.[2] ?? "");
}

/** The address of a hop: `192.0.2.1`, `192.0.2.1:8080`, `2001:db8::1` or `[2001:db8::1]:8080`; undefined for anything else. */
function parseHop(hop: string): string | undefined {
  const text = hop.trim();
  const [, bracketed, dotted] = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  const address = (bracketed ?? dotted ?? text).replace(/%.*$/, "");
  return isIP(address) === 0 ? undefined : address;
}
