/**
 * The key by which addresses are matched, and which every unique or searched column stores: spellings with the same key are the
 * same address. Letter case and surrounding spaces do not count. Only ASCII letters are lowercased: Unicode folding would match
 * one person's address with another's.
 */
export function emailKey(address: string): string {
  let start = 0;
  let end = address.length;
  while (start < end && isSpace(address.charCodeAt(start))) start++;
  while (start < end && isSpace(address.charCodeAt(end - 1))) end--;
  return address.slice(start, end).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The ASCII spaces and line ends that `emailKey` trims. */
export const spaces = "\t\n\v\f\r ";

function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
}

/** What an HTML email input accepts: https://html.spec.whatwg.org/#valid-e-mail-address */
const valid =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Whether mail can be sent to an address: it has the form that an HTML email input accepts, and at most 250 characters. */
export function isMailable(address: string): boolean {
  return address.length <= 250 && valid.test(address);
}
