import { isIPv4, isIPv6 } from "node:net";

/**
 * Returns the eight groups of an IPv6 address, without its zone.
 *
 * @param address must pass `isIPv6`
 */
export function parseIPv6(address: string): number[] {
  // URL converts a dotted tail to groups.
  const [left = "", right] = new URL(`http://[${address.replace(/%.*/, "")}]`).hostname.slice(1, -1).split("::");
  const parse = (part = "") => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const [head, tail] = [parse(left), parse(right)];
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/**
 * Normalizes an IP address and removes its zone. An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) becomes the IPv4 address.
 *
 * @returns undefined if the text is not an address
 */
export function normalizeAddress(text = ""): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text)) return undefined;
  const groups = parseIPv6(text);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return isMapped ? formatIPv4(groups.slice(6)) : formatHexGroups(groups);
}

/** Formats two groups of an IPv6 address as an IPv4 address. */
export function formatIPv4(groups: readonly number[]): string {
  return groups.flatMap((group) => [group >> 8, group & 255]).join(".");
}

/** Formats groups of an IPv6 address in hexadecimal, without `::`. */
export function formatHexGroups(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(":");
}
