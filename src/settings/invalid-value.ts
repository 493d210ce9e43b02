/** Longer values are truncated. In characters. */
const maxLength = 120;

/**
 * Formats an invalid value on one line, with invisible characters escaped. Returns `…` for a value that can contain a secret: a
 * URL with a password, or a token that was assigned to the wrong setting.
 */
export function formatInvalidValue(text: string): string {
  if (!isAddress(text) && (hasPassword(text) || mayBeToken(text))) return "…";
  const line = text.replace(/[\p{C}\p{Zl}\p{Zp}\\]/gu, escapeCharacter);
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}

/** Returns true for a list of IP addresses and networks, with or without ports, and for an address with a zone. */
function isAddress(zoned: string): boolean {
  const text = zoned.replace(/(?<=:.*)%[\w.-]{1,15}$/, "");
  return /^[0-9a-f:.,/%[\] ]*$/i.test(text) && text.split(/[^0-9a-f]/i).every((group) => group.length <= 5);
}

function hasPassword(text: string): boolean {
  if (/:.*@|@.*:\/\//s.test(text)) return true;
  if (/(pass|pwd|secret|token|key|auth)\w*["']?\s*[=:]/i.test(text)) return true;
  // A colon without a port or // after it can precede a password. A query can contain anything.
  return /:(?!\/\/|\d{1,5}(?:[/,\s]|$))(?=\S)|:\/\/[^/]*\?|\?[^=]*=/.test(text);
}

/** Returns false for short values, and for values that consist of words and numbers. */
function mayBeToken(text: string): boolean {
  const visible = text.replace(/\p{Cc}\[[\d;]*[a-z]/giu, " ").trim();
  if (visible.length <= 6) return false;
  const isPassphrase = /(\p{L}{2,}[\s_+-]+){3}\p{L}{2,}/u.test(visible);
  return isPassphrase || !visible.split(/[\s\p{C}:/.,;_<>()[\]-]+/u).every(isWordOrNumber);
}

function isWordOrNumber(part: string): boolean {
  return /^(\p{Lu}?\p{Ll}{0,12}|\p{Lu}{1,12}|\d{1,9}[a-z]?|(.)\2*)$/u.test(part);
}

function escapeCharacter(character: string): string {
  const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" }[character];
  return short ?? character.split("").map(escapeCodeUnit).join("");
}

function escapeCodeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
