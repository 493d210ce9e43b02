import { isIPv4, isIPv6 } from "node:net";
import { formatHexGroups, formatIPv4, parseIPv6 } from "./ip-address.ts";

/**
 * Returns the network of an address, for rate limits: an IPv4 address itself, or the /64 of an IPv6 address, which one subscriber
 * gets. For an IPv6 address that embeds an IPv4 address, such as `::ffff:192.0.2.1` or `64:ff9b::192.0.2.1`, returns the IPv4
 * address, because a translator puts all its clients into one /64.
 *
 * @returns undefined if the text is not an address
 */
export function networkOf(address: string | undefined): string | undefined {
  return networksOf(address)[0];
}

/**
 * Returns the networks of an address, the narrowest first: an IPv4 address itself, or the /64, /56 and /48 of an IPv6 address.
 * Providers assign any of the three to a subscriber (RFC 6177; RIPE-690, 4.2).
 *
 * @returns an empty list if the text is not an address
 */
export function networksOf(address: string | undefined): readonly string[] {
  if (address === undefined) return [];
  if (isIPv4(address)) return [address];
  if (!isIPv6(address)) return [];
  const groups = parseIPv6(address);
  const v4 = embeddedAddress(groups);
  if (v4 !== undefined) return [v4];
  const [a = 0, b = 0, c = 0, d = 0] = groups;
  return [
    `${formatHexGroups([a, b, c, d])}::/64`,
    `${formatHexGroups([a, b, c, d & 0xff00])}::/56`,
    `${formatHexGroups([a, b, c])}::/48`,
  ];
}

/** Returns the widest of the networks of an address; `unknown` without an address. */
export function widestNetworkOf(address: string | undefined): string {
  return networksOf(address).at(-1) ?? "unknown";
}

/**
 * Returns the IPv4 address that a translator or tunnel embedded in an IPv6 address, or the IPv6 address if the position is unknown.
 *
 * @returns undefined for other addresses
 */
function embeddedAddress(groups: readonly number[]): string | undefined {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const startsWith = (...prefix: number[]) => prefix.every((group, i) => groups[i] === group);
  // IPv4-mapped (RFC 4291, 2.5.5.2), IPv4-translated (RFC 7915, A.1), and NAT64's well-known prefix (RFC 6052, 2.1).
  const isLast = startsWith(0, 0, 0, 0, 0, 0xffff) || startsWith(0, 0, 0, 0, 0xffff, 0);
  if (isLast || startsWith(0x64, 0xff9b, 0, 0, 0, 0)) return formatIPv4([g, h]);
  // NAT64's prefix for local use (RFC 8215): in a /96 of it, the IPv4 address comes last; otherwise, its position is unknown.
  if (startsWith(0x64, 0xff9b, 1)) return e === 0 && f === 0 ? formatIPv4([g, h]) : formatHexGroups(groups);
  // IPv4-compatible (RFC 4291, 2.5.5.1), except `::` and `::1`.
  if (startsWith(0, 0, 0, 0, 0, 0) && g !== 0) return formatIPv4([g, h]);
  // 6to4 (RFC 3056, 2) and Teredo, which inverts the bits (RFC 4380, 4).
  if (a === 0x2002) return formatIPv4([b, c]);
  if (a === 0x2001 && b === 0 && (c !== 0 || d !== 0)) return formatIPv4([g ^ 0xffff, h ^ 0xffff]);
  return undefined;
}
