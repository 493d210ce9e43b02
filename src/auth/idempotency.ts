import { createHmac } from "node:crypto";
import type { IdempotentResult } from "../db/db.ts";
import type { Caller } from "./caller.ts";
import type { Context } from "./context.ts";

/**
 * Derives the idempotency key of a request from a secret of its sender and the contents of the request. The same request
 * always gets the same key. An attacker without the secret can neither create it nor test a guessed password against it.
 *
 * @param secret at least 122 random bits
 */
export function createIdempotencyKey(secret: string, ...contents: readonly unknown[]): string {
  return createHmac("sha256", secret).update(JSON.stringify(contents)).digest("base64url");
}

/**
 * Returns the result of a request with the same key in the last minute. Null if there was none, or its result no longer
 * exists.
 */
export async function findResult(
  { db }: Context,
  caller: Pick<Caller, "idempotencyKeys">,
): Promise<IdempotentResult | null> {
  const [key] = caller.idempotencyKeys ?? [];
  return key === undefined ? null : db.idempotency.findResult(key);
}
