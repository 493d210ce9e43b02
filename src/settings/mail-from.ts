import { isDeliverable } from "../values/email.ts";

/** The sender of mails: a display name, which may be empty, and an address. */
interface Sender {
  readonly name: string;
  readonly address: string;
}

/** A quoted name can hold commas, and quotes and backslashes after a backslash (RFC 5322, 3.2.4). */
const pattern =
  /^(?:(?<alone>[^<>]+)|(?:"(?<quoted>(?:[^"\\\p{C}]|\\[^\p{C}])+)"|(?<plain>[^\p{C}<>"@,;]+)) *<(?<named>[^<>]+)>)$/u;
const maxNameLength = 60;

/** Reads `address` or `name <address>` as mail programs write it (RFC 5322, 3.4); null for anything else. */
export function parseSender(text: string): Sender | null {
  const { alone, quoted, plain = "", named } = pattern.exec(text)?.groups ?? {};
  const address = alone ?? named ?? "";
  if (!isDeliverable(address)) return null;
  if (alone !== undefined) return { name: "", address };
  const name = (quoted === undefined ? plain : quoted.replace(/\\(.)/gsu, "$1")).trim();
  // Mail programs would decode a name that looks encoded already (RFC 2047).
  if (/=\?.*\?=/.test(name)) return null;
  return name === "" || [...name].length > maxNameLength ? null : { name, address };
}
