import { isDeliverable } from "../values/email.ts";

interface Sender {
  /** Empty if there is none. */
  readonly name: string;
  readonly address: string;
}

/** A quoted name can contain commas, and escaped quotes and backslashes (RFC 5322, 3.2.4). */
const pattern =
  /^(?:(?<alone>[^<>]+)|(?:"(?<quoted>(?:[^"\\\p{C}]|\\[^\p{C}])+)"|(?<plain>[^\p{C}<>"@,;]+)) *<(?<named>[^<>]+)>)$/u;
/** In characters (code points). */
const maxNameLength = 60;

/** Parses `address` or `name <address>` (RFC 5322, 3.4); returns null for anything else. */
export function parseSender(text: string): Sender | null {
  const { alone, quoted, plain = "", named } = pattern.exec(text)?.groups ?? {};
  const address = alone ?? named ?? "";
  if (!isDeliverable(address)) return null;
  if (alone !== undefined) return { name: "", address };
  const name = (quoted === undefined ? plain : quoted.replace(/\\(.)/gsu, "$1")).trim();
  // Mail programs would decode a name that looks like an encoded word (RFC 2047).
  if (/=\?.*\?=/.test(name)) return null;
  return name === "" || [...name].length > maxNameLength ? null : { name, address };
}
