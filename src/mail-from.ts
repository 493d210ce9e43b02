/** Who mails come from: a display name, which may be empty, and an address. */
export interface Sender {
  readonly name: string;
  readonly address: string;
}

const address = "[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(?:\\.[a-z0-9-]+)*";
/** A name in double quotes holds commas, and quotes and backslashes with a backslash in front (RFC 5322, 3.2.4). */
const pattern = new RegExp(
  `^(?:(?<alone>${address})|(?:"(?<quoted>(?:[^"\\\\\\p{C}]|\\\\[^\\p{C}])+)"|(?<plain>[^\\p{C}<>"@,;]+)) *<(?<named>${address})>)$`,
  "iu",
);
const longestName = 60;

/** Reads `address` or `name <address>` as mail programs write it (RFC 5322, 3.4); null for anything else. */
export function readSender(text: string): Sender | null {
  const { alone, quoted, plain = "", named } = pattern.exec(text)?.groups ?? {};
  if (alone !== undefined) return { name: "", address: alone };
  if (named === undefined) return null;
  const name = (quoted === undefined ? plain : quoted.replace(/\\(.)/gsu, "$1")).trim();
  // Of a word that is encoded already, mail programs would show something else (RFC 2047).
  if (/=\?.*\?=/.test(name)) return null;
  return name === "" || [...name].length > longestName ? null : { name, address: named };
}
