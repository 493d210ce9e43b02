import { isIPv4 } from "node:net";
import { parseIPv6 } from "../values/ip-address.ts";

/** A range of addresses as numbers; `end` is exclusive. */
interface AddressRange {
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * Blocks of public addresses by name, as IPv6 networks. IPv4 addresses appear as IPv4-mapped, NAT64 and 6to4 addresses.
 */
const publicBlocks: readonly (readonly [name: string, ...networks: string[]])[] = [
  ["IPv4", "::ffff:0:0/96"],
  ["IPv6", "::/0"],
  ["IPv6", "2000::/3"],
  // The large IANA allocations of the five registries: they cover a hundredth of 2000::/3, but contain nearly all users.
  ["IPv6", "2400::/12", "2600::/12", "2800::/12", "2a00::/12", "2c00::/12"],
  ["NAT64", "64:ff9b::/96"],
  ["6to4", "2002::/16"],
];

/** Networks with 1/16 of a family or more are too large. All private networks and the largest cloud together have less. */
const shareDivisor = 16n;

/**
 * Finds an address family of which the networks together contain a sixteenth or more. As trusted proxies, networks of that size
 * would let attackers forge any address.
 *
 * @param networks valid addresses and networks, such as `192.0.2.1`, `10.0.0.0/8` and `2001:db8::/32`
 * @returns the name of the family, or undefined if there is none
 */
export function findOverbroadFamily(networks: readonly string[]): string | undefined {
  const ranges = mergeRanges(networks.map(toRange));
  const family = publicBlocks.find(([, ...texts]) => {
    const blocks = texts.map(toRange);
    const covered = blocks.flatMap((block) => ranges.map((range) => overlap(range, block))).reduce(add, 0n);
    const size = blocks.map(({ start, end }) => end - start).reduce(add, 0n);
    return covered * shareDivisor >= size;
  });
  return family?.[0];
}

function add(sum: bigint, count: bigint): bigint {
  return sum + count;
}

function toRange(network: string): AddressRange {
  const [address = "", prefix] = network.split("/");
  const isV4 = isIPv4(address);
  const length = prefix === undefined ? 128 : Number(prefix) + (isV4 ? 96 : 0);
  const bits = BigInt(128 - length);
  const value = parseIPv6(isV4 ? `::ffff:${address}` : address).reduce(
    (sum, group) => (sum << 16n) | BigInt(group),
    0n,
  );
  const start = (value >> bits) << bits;
  return { start, end: start + (1n << bits) };
}

/** Merges ranges that overlap or touch. */
function mergeRanges(ranges: readonly AddressRange[]): AddressRange[] {
  const all: AddressRange[] = [];
  for (const range of ranges.toSorted((a, b) => (a.start < b.start ? -1 : 1))) {
    const last = all.at(-1);
    if (last && range.start <= last.end)
      all[all.length - 1] = { start: last.start, end: range.end > last.end ? range.end : last.end };
    else all.push(range);
  }
  return all;
}

function overlap(a: AddressRange, b: AddressRange): bigint {
  const start = a.start > b.start ? a.start : b.start;
  const end = a.end < b.end ? a.end : b.end;
  return end > start ? end - start : 0n;
}
