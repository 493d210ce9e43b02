import type { Context } from "../context.ts";
import { deriveToken } from "../secrets.ts";

/**
 * The current id of a live session, given that id or, for ten seconds after a renewal, its previous one; null if there is
 * none.
 */
export async function getCurrentId({ db, settings }: Context, sessionId: string | null): Promise<string | null> {
  if (!sessionId) return null;
  const nonce = await db.sessions.findRenewalNonce(sessionId);
  if (nonce === false) return null;
  return nonce === null ? sessionId : deriveToken(settings, sessionId, nonce);
}
