/**
 * Headers by which proxies, load balancers, content networks and tunnels say that they speak for another machine: the standard
 * ones (RFC 7239, RFC 8586, `Via`), the families that begin with the same word, and those that products have of their own. A
 * header that only traces a request is none.
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
 * Whether a request says that it came through a proxy; an empty header says so too.
 *
 * @param names of its headers, in lower case
 */
export function isForwarded(names: Iterable<string>): boolean {
  return [...names].some((name) => isForwarding.test(name.replaceAll("_", "-")));
}
