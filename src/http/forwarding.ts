/**
 * Patterns of the headers that proxies, load balancers, CDNs and tunnels add when they forward a request: the standard ones
 * (RFC 7239, RFC 8586, `Via`), their variants with the same first word, and those of single products. A header that only traces
 * a request does not count.
 */
const forwarding = [
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
const isForwarding = new RegExp(`^(${forwarding.join("|")})$`);

/**
 * Whether a request came through a proxy, according to its headers. An empty header counts.
 *
 * @param names its header names, in lower case
 */
export function isForwarded(names: Iterable<string>): boolean {
  return [...names].some((name) => isForwarding.test(name.replaceAll("_", "-")));
}
