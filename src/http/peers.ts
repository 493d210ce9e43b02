import { BlockList, isIP } from "node:net";

/** Returns true for loopback addresses. */
export const isLoopback = networkMatcher(["127.0.0.0/8", "::1"]);

/**
 * Creates a function that returns true if the trace headers of a peer can be trusted. This holds for `TRUSTED_PROXIES`, and for
 * programs on this machine except proxies, which forward the headers of any client.
 */
export function traceSourceMatcher(
  trusted: readonly string[],
): (peer: string | undefined, names?: Iterable<string>) => boolean {
  const isTrusted = networkMatcher(trusted);
  return (peer, names = []) => isTrusted(peer) || (isLoopback(peer) && !isForwarded(names));
}

/**
 * Creates a function that returns true for addresses in any of the networks. An IPv4-mapped IPv6 address equals its IPv4 address.
 *
 * @param texts addresses and networks, such as `192.0.2.1` and `10.0.0.0/8`
 */
export function networkMatcher(texts: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList();
  for (const each of texts) {
    const [address = "", prefix] = each.split("/");
    const family = familyOf(address);
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address = "") => isIP(address) !== 0 && list.check(address, familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

/**
 * Patterns of the headers that proxies, load balancers, CDNs and tunnels add to forwarded requests: standard headers (RFC 7239,
 * RFC 8586, `Via`), their variants, and those of specific products. Trace headers are not included.
 */
const forwardingHeaders = [
  "(x-)?forwarded(-.+)?",
  "(x-)?forward-for",
  "(x-)?original-.+",
  "via",
  "cdn-loop",
  "x-(real|remote|client|proxyuser|cluster-client|azure-client|azure-socket|coming-from)-?(ip|addr|address)",
  "((x-)?(true|proxy|wl-proxy|fastly|fly|nf|appengine-user|cdn|remote)-)?(client|user)-ip",
  "cf-(connecting-.+|ray|visitor|ipcountry|pseudo-.+|worker)",
  "x-(envoy-external-address|envoy-peer-.+|azure-(fdid|ref)|arr-(log-id|ssl)|amz-cf-id|vercel-(id|.*forwarded.*))",
  "fastly-(client|ff|ssl)|fly-(client-.+|forwarded-.+|region|request-id)|x-appengine-.+|x-nf-.+|x-sucuri-clientip",
  "x-scheme|x-url-scheme|front-end-https|x-proxy.*|proxy-.+",
];
const forwardingHeader = new RegExp(`^(${forwardingHeaders.join("|")})$`);

/**
 * Returns true if a request has a header that proxies add, even an empty one.
 *
 * @param names the names of its headers, in lower case
 */
export function isForwarded(names: Iterable<string>): boolean {
  for (const name of names) if (forwardingHeader.test(name.replaceAll("_", "-"))) return true;
  return false;
}
