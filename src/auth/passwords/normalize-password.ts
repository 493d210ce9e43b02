/** More marks in a row than any script uses (UAX #15, "Stream-Safe Text Format"): sorting very many takes long. */
const pileOfMarks = /\p{M}{31}/u;

/**
 * The form of a password that is hashed: Unicode's other spaces become U+0020, then NFC, as in the profile OpaqueString (RFC
 * 8265, 4.2.2; NIST SP 800-63B-4, 3.1.1.2). So a password is the same whether a keyboard sends é as one code point or as two.
 * Nothing is refused: a control character, a NUL or an unassigned code point stays, and a text with more than 30 marks in a row
 * is left unchanged.
 */
export function normalizePassword(password: string): string {
  const spaced = password.replace(/\p{Zs}/gu, " ");
  return pileOfMarks.test(spaced) ? spaced : spaced.normalize("NFC");
}
