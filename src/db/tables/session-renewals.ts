import type { ExpressionBuilder } from "kysely";
import { digest } from "../digest.ts";
import type { Schema } from "../schema.ts";
import type { Store } from "../store.ts";
import { isSession, selectLiveSessions } from "./session-lookup.ts";

/**
 * Returns a condition that is true if a session has this id, or had it before its last renewal. The request may have begun before
 * that renewal.
 */
function isOrWasSession(sessionId: string) {
  const idHash = digest(sessionId);
  return ({ or, eb }: ExpressionBuilder<Schema, "sessions">) =>
    or([eb("session_id", "=", idHash), eb("previous_id", "=", idHash)]);
}

/** Finds the time of the last password confirmation in a live session; null if there is none. */
export async function findConfirmedAt(store: Store, sessionId: string): Promise<number | null> {
  const session = await selectLiveSessions(store)
    .select("confirmed_at")
    .where(isOrWasSession(sessionId))
    .executeTakeFirst();
  return session?.confirmed_at ?? null;
}

/** The new id of a session, and the nonce from which it was derived, with the previous id as the key. */
export interface Renewal {
  readonly newSessionId: string;
  readonly nonce: string;
}

/**
 * Records a password confirmation, and gives the session a new id. The previous id stays valid for ten seconds. A renewal with
 * the previous id creates no third id.
 *
 * @returns the nonce of this renewal or of the earlier one, from which the current id is derived; false if the session has ended
 */
export async function renew(
  store: Store,
  sessionId: string,
  { newSessionId, nonce }: Renewal,
): Promise<string | false> {
  const now = store.clock();
  const times = { confirmed_at: now, last_seen_at: now };
  const idHash = digest(sessionId);
  const { numUpdatedRows } = await store.db
    .updateTable("sessions")
    .set({ ...times, session_id: digest(newSessionId), previous_id: idHash, renewed_at: now, renewal_nonce: nonce })
    .where("session_id", "=", idHash)
    .where("session_id", "in", selectLiveSessions(store).select("session_id").where("session_id", "=", idHash))
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return nonce;
  // The previous id is accepted here even if it is no longer valid, because it may have expired while the password was hashed.
  const renewedBefore = await store.db
    .updateTable("sessions")
    .set(times)
    .where("previous_id", "=", idHash)
    .where("session_id", "in", selectLiveSessions(store).select("session_id").where("previous_id", "=", idHash))
    .returning("renewal_nonce")
    .executeTakeFirst();
  return renewedBefore?.renewal_nonce ?? false;
}

/**
 * Looks up a live session.
 *
 * @returns the nonce from which its current id is derived, if `sessionId` is the previous id; null if `sessionId` is the current id;
 * false if there is no such session
 */
export async function findRenewalNonce(store: Store, sessionId: string): Promise<string | null | false> {
  const session = await selectLiveSessions(store)
    .select(["session_id", "renewal_nonce"])
    .where(isSession(sessionId, store.clock()))
    .executeTakeFirst();
  if (!session) return false;
  return session.session_id === digest(sessionId) ? null : session.renewal_nonce;
}
