/**
 * The eight groups of an IPv6 address, without its zone.
 *
 * @param address one that `isIPv6` takes
 */
export function groupsOf(address: string): number[] {
  // The URL standard writes a dotted tail as groups.
  const [left = "", right] = new URL(`http://[${address.replace(/%.*/, "")}]`).hostname.slice(1, -1).split("::");
  const parse = (part = "") => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const [head, tail] = [parse(left), parse(right)];
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}
