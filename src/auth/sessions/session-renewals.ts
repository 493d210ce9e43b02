import type { Context } from "../context.ts";
import { deriveToken } from "../secrets.ts";

/**
 * Returns the current id of a live session, or null. For ten seconds after a renewal, the previous id is accepted too.
 */
export async function getCurrentId({ db, settings }: Context, sessionId: string | null): Promise<string | null> {
  if (!sessionId) return null;
  const nonce = await db.sessions.findRenewalNonce(sessionId);
  if (nonce === false) return null;
  return nonce === null ? sessionId : deriveToken(settings, sessionId, nonce);
}
