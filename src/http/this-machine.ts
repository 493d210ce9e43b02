import { normalizeAddress } from "../values/ip-address.ts";
import type { RequestContext } from "./caller.ts";
import { isForwarded, isLoopback } from "./peers.ts";

/** Names that every machine has for itself. Clients use `0.0.0.0` if it is shown to them as the address. */
const commonNames = new Set(["localhost", ...["127.0.0.1", "0.0.0.0", "::1", "::"].map(normalizeAddress)]);

/**
 * Whether a request comes from a program on this machine: over loopback, or from the same address that it connects to, which no
 * other machine has; through no proxy; and with `localhost` or that address in Host. The name counts because another site's
 * page can make its own name resolve to this machine (DNS rebinding).
 */
export function isFromThisMachine(c: RequestContext): boolean {
  const { remoteAddress, localAddress } = c.env?.incoming?.socket ?? {};
  const [peer, own] = [normalizeAddress(remoteAddress), normalizeAddress(localAddress)];
  if (peer === undefined || isForwarded(c.req.raw.headers.keys())) return false;
  const name = parseHostName(c.req.header("Host"));
  if (name === undefined) return false;
  return isLoopback(peer) ? name === own || commonNames.has(name) : peer === own && name === own;
}

/** The host in a Host header: an address in one spelling, or a name in lower case. */
function parseHostName(host = ""): string | undefined {
  const [, bracketed, name] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(host) ?? [];
  return bracketed === undefined ? name?.toLowerCase() : normalizeAddress(bracketed);
}
