import { hash } from "node:crypto";

/**
 * Hashes a token with SHA-256 for storage, so that a stolen database contains no usable tokens. Tokens have at least 122
 * random bits, so they need neither a salt nor a slow hash (OWASP ASVS 5.0, 11.4).
 */
export function digest(token: string): string {
  return hash("sha256", token, "base64url");
}
