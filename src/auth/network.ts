import { isIPv4, isIPv6 } from "node:net";

/**
 * The network that a caller counts as: an IPv4 address, or the /64 of an IPv6 one, for that is what one subscriber gets.
 * An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is the IPv4 one.
 *
 * @returns undefined for what is no address
 */
export function networkOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1] ?? address;
  if (isIPv4(mapped)) return mapped;
  if (!isIPv6(address)) return undefined;
  const [left = "", right] = canonical(address).split("::");
  const groups = left === "" ? [] : left.split(":");
  if (right !== undefined) {
    const tail = right === "" ? [] : right.split(":");
    while (groups.length + tail.length < 8) groups.push("0");
    groups.push(...tail);
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/** Lower case, without leading zeros, a zone or a dotted tail: the form of the URL standard. */
function canonical(address: string): string {
  return new URL(`http://[${address.replace(/%.*/, "")}]`).hostname.slice(1, -1);
}
