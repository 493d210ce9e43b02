import { BlockList, isIP } from "node:net";

/** Finds out whether what a peer says of a request's origin is believed: on this machine, or one of `TRUSTED_PROXIES`. */
export function peers(trusted: readonly string[]): (address: string | undefined) => boolean {
  return networks(["127.0.0.0/8", "::1", ...trusted]);
}

/**
 * Tells which addresses are among these networks. An IPv4 address written as IPv6 is the IPv4 one, either way round.
 *
 * @param texts addresses and networks, as in `192.0.2.1` and `10.0.0.0/8`
 */
export function networks(texts: readonly string[]): (address: string | undefined) => boolean {
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
