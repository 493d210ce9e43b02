import { plainAddress } from "../ip-address.ts";
import type { Request } from "./caller.ts";
import { isForwarded } from "./forwarding.ts";

/** The names of this machine that every machine has. Clients use `0.0.0.0` where they are shown it as the address. */
const commonNames = new Set(["localhost", ...["127.0.0.1", "0.0.0.0", "::1", "::"].map(plainAddress)]);

/**
 * Whether a program on this machine asks: over loopback, or from the very address that it connected to, which only this machine
 * has; not through a proxy; and by `localhost` or the address that it connected to. The name counts because a page of another
 * site can have its own name resolve to this machine (DNS rebinding).
 */
export function isThisMachine(c: Request): boolean {
  const { remoteAddress, localAddress } = c.env?.incoming?.socket ?? {};
  const [peer, own] = [plainAddress(remoteAddress), plainAddress(localAddress)];
  if (peer === undefined || isForwarded(c.req.raw.headers.keys())) return false;
  const name = nameIn(c.req.header("Host"));
  if (name === undefined) return false;
  const isLoopback = peer.startsWith("127.") || peer === loopback;
  return isLoopback ? name === own || commonNames.has(name) : peer === own && name === own;
}

const loopback = plainAddress("::1");

/** The host of a Host header: an address in one spelling, or a name in lower case. */
function nameIn(host = ""): string | undefined {
  const [, bracketed, name] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(host) ?? [];
  return bracketed === undefined ? name?.toLowerCase() : plainAddress(bracketed);
}
