/** Longer than any valid value. */
const longest = 120;

/**
 * Formats a refused value for printing: on one line, with invisible characters escaped. A value that may hold a password, such
 * as a URL given to the wrong setting, is not printed.
 */
export function refusedValue(text: string): string {
  if (mayHoldSecret(text)) return "…";
  const line = text.replace(/[\p{C}\p{Zl}\p{Zp}\\]/gu, escaped);
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}

function mayHoldSecret(text: string): boolean {
  // Addresses of machines and networks, with ports and commas between them.
  if (/^[0-9a-f:.,/%[\] ]*$/i.test(text)) return false;
  if (/:.*@|@.*:\/\//s.test(text)) return true;
  if (/(pass|pwd|secret|token|key|auth)\w*["']?\s*[=:]/i.test(text)) return true;
  // After a colon that is not followed by a port or //, there may be a password; a query may hold anything.
  return /:(?!\/\/|\d{1,5}(?:[/,\s]|$))(?=\S)|:\/\/[^/]*\?|\?[^=]*=/.test(text);
}

function escaped(character: string): string {
  const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" }[character];
  return short ?? character.split("").map(unicode).join("");
}

function unicode(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
