import { BlockList, isIP } from "node:net";

/** Whether an address is that of a connection within this machine. */
export const isLoopback = networkMatcher(["127.0.0.0/8", "::1"]);

/**
 * Returns a function that says whether to accept trace headers from a peer: one of `TRUSTED_PROXIES`, or a program on this
 * machine. An undeclared proxy on this machine forwards for strangers, so it does not count.
 */
export function traceSourceMatcher(
  trusted: readonly string[],
): (peer: string | undefined, names?: Iterable<string>) => boolean {
  const isTrusted = networkMatcher(trusted);
  return (peer, names = []) => isTrusted(peer) || (isLoopback(peer) && !isForwarded(names));
}

/**
 * Tells which addresses are among these networks. An IPv4 address written as IPv6 is the IPv4 one, either way round.
 *
 * @param texts addresses and networks, as in `192.0.2.1` and `10.0.0.0/8`
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
 * Patterns of the headers that proxies, load balancers, CDNs and tunnels add when they forward a request: the standard ones
 * (RFC 7239, RFC 8586, `Via`), their variants with the same first word, and those of single products. A header that only traces
 * a request does not count.
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
 * Whether a request came through a proxy, according to its headers. An empty header counts.
 *
 * @param names its header names, in lower case
 */
export function isForwarded(names: Iterable<string>): boolean {
  for (const name of names) if (forwardingHeader.test(name.replaceAll("_", "-"))) return true;
  return false;
}
