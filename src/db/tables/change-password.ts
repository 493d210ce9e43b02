import { selectEmail } from "../email-columns.ts";
import { lockAccount } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import { deleteDevices } from "./devices.ts";
import { deleteResults, recordResult } from "./idempotency.ts";
import { deleteMailedTokens } from "./mailed-tokens.ts";
import { enqueueNotice } from "./notices.ts";
import { endSurplusSessions } from "./session-limit.ts";
import { type Renewal, renew } from "./session-renewals.ts";
import { endOtherSessions } from "./sessions.ts";
import { cancelEmailChange, deleteUnverifiedRegistrations } from "./verify-email.ts";

/** A password change by a user who has confirmed the old password. */
export interface PasswordChange extends Renewal {
  readonly userId: number;
  /** The hash against which the old password was verified. */
  readonly verifiedHash: string;
  readonly hashedPassword: string;
  /** The session that continues under a new id; all others end. */
  readonly sessionId: string;
  /** The device that stays known; all others are forgotten. */
  readonly device?: string | undefined;
  readonly language: string;
  readonly idempotencyKeys?: readonly string[] | undefined;
}

/**
 * Changes a password and queues an email to the user, in one transaction.
 *
 * @returns the nonce from which the session's new id is derived; false if the password has changed, the session has ended, or the
 * account is disabled
 */
export async function changePassword(store: Store, change: PasswordChange): Promise<string | false> {
  const { userId, verifiedHash, hashedPassword, sessionId, device, language } = change;
  const now = store.clock();
  await endSurplusSessions(store, userId, sessionId);
  return runInTransaction<string | false>(store, async (transaction, rollback) => {
    await lockAccount(transaction, userId);
    const account = await transaction.db
      .updateTable("users")
      .set({ hashed_password: hashedPassword, reset_token: null, reset_token_expires_at: null, updated_at: now })
      .where("id", "=", userId)
      .where("hashed_password", "=", verifiedHash)
      .where("disabled_at", "is", null)
      .returning(selectEmail("users"))
      .executeTakeFirst();
    const nonce = account && (await renew(transaction, sessionId, change));
    if (!account || !nonce) throw rollback(false);
    await deleteResults(transaction, userId);
    await recordResult(transaction, change.idempotencyKeys, { userId });
    await endOtherSessions(transaction, userId, sessionId);
    await deleteMailedTokens(transaction, userId);
    await cancelEmailChange(transaction, userId);
    await deleteUnverifiedRegistrations(transaction, userId);
    await deleteDevices(transaction, userId, device);
    await enqueueNotice(transaction, { kind: "password_changed", language, email: account.email });
    return nonce;
  });
}
