import { selectEmail } from "../email-columns.ts";
import { lockAccount } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import { forgetActs, recordAct } from "./acts.ts";
import { forgetDevices } from "./devices.ts";
import { deleteMailedTokens } from "./mailed-tokens.ts";
import { enqueueNotice } from "./notices.ts";
import { endSurplusSessions } from "./session-limit.ts";
import { type Renewal, renew } from "./session-renewals.ts";
import { endOtherSessions } from "./sessions.ts";
import { cancelEmailChange, deleteUnverifiedRegistrations } from "./verify-email.ts";

/** A change of password by whoever knows the one before. */
export interface PasswordChange extends Renewal {
  readonly userId: number;
  /** The hash that the old password was verified against. */
  readonly verifiedHash: string;
  readonly hashedPassword: string;
  /** The session that goes on, under another id; every other ends. */
  readonly sessionId: string;
  /** The device that goes on being known; every other is forgotten. */
  readonly device?: string | undefined;
  readonly language: string;
  readonly acts?: readonly string[] | undefined;
}

/**
 * Changes a password and mails the owner, in one transaction.
 *
 * @returns the nonce that the session's new id is derived from; false when the password or the session was changed meanwhile
 */
export async function changePassword(store: Store, change: PasswordChange): Promise<string | false> {
  const { userId, verifiedHash, hashedPassword, sessionId, device, language } = change;
  const now = store.clock();
  await endSurplusSessions(store, userId, sessionId);
  return runInTransaction<string | false>(store, async (transaction, rollback) => {
    await lockAccount(transaction, userId);
    const changed = await transaction.db
      .updateTable("users")
      .set({ hashed_password: hashedPassword, reset_token: null, reset_token_expires_at: null, updated_at: now })
      .where("id", "=", userId)
      .where("hashed_password", "=", verifiedHash)
      .where("disabled_at", "is", null)
      .returning(selectEmail("users"))
      .executeTakeFirst();
    const nonce = changed && (await renew(transaction, sessionId, change));
    if (!changed || !nonce) throw rollback(false);
    await forgetActs(transaction, userId);
    await recordAct(transaction, change.acts, { userId });
    await endOtherSessions(transaction, userId, sessionId);
    await deleteMailedTokens(transaction, userId);
    await cancelEmailChange(transaction, userId);
    await deleteUnverifiedRegistrations(transaction, userId);
    await forgetDevices(transaction, userId, device);
    await enqueueNotice(transaction, { kind: "password_changed", language, email: changed.email });
    return nonce;
  });
}
