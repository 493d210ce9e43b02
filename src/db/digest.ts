import { hash } from "node:crypto";

/**
 * The SHA-256 of a token, as it is stored: a stolen database opens nothing. Tokens hold at least 122 random bits, so
 * that neither a salt nor a slow hash would add anything (OWASP ASVS 5.0, 11.4).
 */
export function digest(token: string): string {
  return hash("sha256", token, "base64url");
}
