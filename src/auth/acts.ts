import { createHmac } from "node:crypto";
import type { ActResult } from "../db/db.ts";
import type { Caller } from "./caller.ts";
import type { Context } from "./context.ts";

/**
 * Derives the key of a request from a secret of its sender and from all that the request contains. Sending it again gives
 * the same key. Without the secret, nobody can create the key, or test a guessed password against it.
 *
 * @param secret at least 122 random bits
 */
export function createIdempotencyKey(secret: string, ...sent: readonly unknown[]): string {
  return createHmac("sha256", secret).update(JSON.stringify(sent)).digest("base64url");
}

/** Returns the result of the same request within the last minute, or null if there is none or it no longer exists. */
export async function findRecent({ db }: Context, caller: Pick<Caller, "idempotencyKeys">): Promise<ActResult | null> {
  const [act] = caller.idempotencyKeys ?? [];
  return act === undefined ? null : db.acts.find(act);
}
