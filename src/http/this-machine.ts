import { normalizeAddress } from "../values/ip-address.ts";
import type { RequestContext } from "./caller.ts";
import { isForwarded, isLoopback } from "./peers.ts";

/** Names by which any machine can reach itself. Clients use `0.0.0.0` because it is the default of HOST. */
const commonNames = new Set(["localhost", ...["127.0.0.1", "0.0.0.0", "::1", "::"].map(normalizeAddress)]);

/**
 * Returns true if a request comes from a program on this machine:
 * - over loopback, or from the address that it connects to, which no other machine has
 * - without a proxy
 * - with `localhost` or that address in Host, because a page of another site can make its own host name resolve to this machine
 *   (DNS rebinding)
 */
export function isFromThisMachine(c: RequestContext): boolean {
  const { remoteAddress, localAddress } = c.env?.incoming?.socket ?? {};
  const [peer, local] = [normalizeAddress(remoteAddress), normalizeAddress(localAddress)];
  if (peer === undefined || isForwarded(c.req.raw.headers.keys())) return false;
  const name = parseHostName(c.req.header("Host"));
  if (name === undefined) return false;
  return isLoopback(peer) ? name === local || commonNames.has(name) : peer === local && name === local;
}

/** Returns the host of a Host header: a normalized address, or a name in lower case. */
function parseHostName(host = ""): string | undefined {
  const [, bracketed, name] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(host) ?? [];
  return bracketed === undefined ? name?.toLowerCase() : normalizeAddress(bracketed);
}
