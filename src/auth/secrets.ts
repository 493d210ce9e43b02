import { randomBytes, randomUUID } from "node:crypto";
import type { Settings } from "../settings.ts";

/** A random UUID (version 4, RFC 9562): 122 random bits in 36 characters. */
export function generateUuid(): string {
  return randomUUID();
}

/** A session id or a reset token: a UUID, or 256 random bits in 43 characters of base64url. */
export function newToken({ TOKEN_FORMAT }: Pick<Settings, "TOKEN_FORMAT">): string {
  return TOKEN_FORMAT === "uuid" ? generateUuid() : randomBytes(32).toString("base64url");
}
