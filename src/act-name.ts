import { createHmac } from "node:crypto";

/**
 * Names what somebody does, by a secret of theirs and by all that they send for it: sent again it has the same name, and nobody
 * else can make that. Nothing can be learned from it, and no password be tried with it, without the secret.
 *
 * @param secret at least 122 random bits
 */
export function actName(secret: string, ...sent: readonly unknown[]): string {
  return createHmac("sha256", secret).update(JSON.stringify(sent)).digest("base64url");
}
