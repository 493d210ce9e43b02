import { createHmac } from "node:crypto";

/**
 * Names an action by a secret of its sender and by everything sent for it. The same request has the same name again, and nobody
 * without the secret can make that name, learn anything from it, or test a password with it.
 *
 * @param secret at least 122 random bits
 */
export function actName(secret: string, ...sent: readonly unknown[]): string {
  return createHmac("sha256", secret).update(JSON.stringify(sent)).digest("base64url");
}
