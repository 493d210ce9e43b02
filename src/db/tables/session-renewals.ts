import type { ExpressionBuilder } from "kysely";
import { digest } from "../digest.ts";
import type { Schema } from "../schema.ts";
import type { Store } from "../store.ts";
import { isSession, selectLiveSessions } from "./session-lookup.ts";

/** Whether a session has an id or had it before its last renewal, however long ago: the request may have begun before that. */
function isOrWasSession(sessionId: string) {
  const hashed = digest(sessionId);
  return ({ or, eb }: ExpressionBuilder<Schema, "sessions">) =>
    or([eb("session_id", "=", hashed), eb("previous_id", "=", hashed)]);
}

/** When the password was last given in a live session; null for never, and where there is none. */
export async function findConfirmedAt(store: Store, sessionId: string): Promise<number | null> {
  const session = await selectLiveSessions(store)
    .select("confirmed_at")
    .where(isOrWasSession(sessionId))
    .executeTakeFirst();
  return session?.confirmed_at ?? null;
}

/** A new id for a session, and the nonce from which it was derived together with the previous id. */
export interface Renewal {
  readonly renewed: string;
  readonly nonce: string;
}

/**
 * Records that the password was confirmed now, and gives the session a new id. The previous id leads to it for some seconds,
 * and a renewal by that id creates no third one.
 *
 * @returns the nonce that the session's id is derived from: of this renewal, or of the earlier one; false when it has ended
 */
export async function renew(store: Store, sessionId: string, { renewed, nonce }: Renewal): Promise<string | false> {
  const now = store.clock();
  const given = { confirmed_at: now, last_seen_at: now };
  const hashed = digest(sessionId);
  const { numUpdatedRows } = await store.db
    .updateTable("sessions")
    .set({ ...given, session_id: digest(renewed), previous_id: hashed, renewed_at: now, renewal_nonce: nonce })
    .where("session_id", "=", hashed)
    .where("session_id", "in", selectLiveSessions(store).select("session_id").where("session_id", "=", hashed))
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return nonce;
  // The session was live when the request began: hashing the password may have outlasted the seconds of grace.
  const again = await store.db
    .updateTable("sessions")
    .set(given)
    .where("previous_id", "=", hashed)
    .where("session_id", "in", selectLiveSessions(store).select("session_id").where("previous_id", "=", hashed))
    .returning("renewal_nonce")
    .executeTakeFirst();
  return again?.renewal_nonce ?? false;
}

/**
 * The nonce that the id of a live session is derived from, if it was found by its previous id; null if it was found by its
 * current one; false if there is none.
 */
export async function findRenewalNonce(store: Store, sessionId: string): Promise<string | null | false> {
  const session = await selectLiveSessions(store)
    .select(["session_id", "renewal_nonce"])
    .where(isSession(sessionId, store.clock()))
    .executeTakeFirst();
  if (!session) return false;
  return session.session_id === digest(sessionId) ? null : session.renewal_nonce;
}
