import { createHmac, randomBytes, randomUUID } from "node:crypto";
import type { Renewal } from "../db/db.ts";
import type { Settings } from "../settings/settings.ts";

/**
 * Returns a session id or mail token: a UUID (version 4, RFC 9562: 122 random bits in 36 characters), or 256 random bits
 * in 43 characters of base64url.
 */
export function generateToken({ TOKEN_FORMAT }: Pick<Settings, "TOKEN_FORMAT">): string {
  return TOKEN_FORMAT === "uuid" ? randomUUID() : randomBytes(32).toString("base64url");
}

/** Creates a new id for a session, and the nonce from which it is derived. */
export function createRenewal(settings: Pick<Settings, "TOKEN_FORMAT">, sessionId: string): Renewal {
  const nonce = randomBytes(32).toString("base64url");
  return { nonce, newSessionId: deriveToken(settings, sessionId, nonce) };
}

/**
 * Derives a token from a secret and a nonce, in the same format as `generateToken`. The same secret and nonce always
 * give the same token, and one without the other does not reveal it (HMAC as a pseudorandom function, RFC 2104).
 */
export function deriveToken({ TOKEN_FORMAT }: Pick<Settings, "TOKEN_FORMAT">, secret: string, nonce: string): string {
  const bytes = createHmac("sha256", secret).update(nonce).digest();
  if (TOKEN_FORMAT !== "uuid") return bytes.toString("base64url");
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
