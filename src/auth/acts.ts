import { createHmac } from "node:crypto";
import type { ActResult } from "../db/db.ts";
import type { Caller } from "./caller.ts";
import type { Context } from "./context.ts";

/**
 * Names an action by a secret of its sender and by everything sent for it. The same request has the same name again, and nobody
 * without the secret can make that name, learn anything from it, or test a password with it.
 *
 * @param secret at least 122 random bits
 */
export function createIdempotencyKey(secret: string, ...sent: readonly unknown[]): string {
  return createHmac("sha256", secret).update(JSON.stringify(sent)).digest("base64url");
}

/** What the caller did under the first of its `acts` within the last minute, if its result still exists; else null. */
export async function findRecent({ db }: Context, caller: Pick<Caller, "idempotencyKeys">): Promise<ActResult | null> {
  const [act] = caller.idempotencyKeys ?? [];
  return act === undefined ? null : db.acts.find(act);
}
