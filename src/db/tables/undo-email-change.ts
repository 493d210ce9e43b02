import { EmailTaken } from "../../errors.ts";
import type { User } from "../../user.ts";
import { userColumns } from "../attributes.ts";
import { selectEmail, toEmailColumns } from "../email-columns.ts";
import { buildUserLock, lockAddress } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import { deleteDevices } from "./devices.ts";
import { findFormerEmail } from "./former-emails.ts";
import { deleteResults, recordResult } from "./idempotency.ts";
import { deleteMailedTokens } from "./mailed-tokens.ts";
import { enqueue } from "./outbox.ts";
import { endSurplusSessions } from "./session-limit.ts";
import { endSessions } from "./sessions.ts";
import { cancelEmailChange } from "./verify-email.ts";

/** The undo of an email change with a mailed token. */
export interface EmailChangeUndo {
  readonly token: string;
  /** The new password hash of the account, which no password matches. */
  readonly hashedPassword: string;
  readonly language: string;
  /** The kind of the device that undoes the change. */
  readonly device: string | null;
  readonly idempotencyKeys?: readonly string[] | undefined;
}

/**
 * Restores the former address of an account, in one transaction:
 *
 * - redeems the token, and invalidates reset tokens, pending changes and the undo tokens of later changes
 * - ends all sessions and replaces the password
 * - queues a reset email to the restored address, and a notice to the replaced address
 *
 * The token is redeemed while the account's row is locked, so only one of several concurrent requests succeeds.
 *
 * @returns null if the token is invalid or the account is disabled
 * @throws {EmailTaken} if another account has the address; the token then stays valid
 */
export async function undo(store: Store, options: EmailChangeUndo): Promise<User | null> {
  const { token, hashedPassword, language, device, idempotencyKeys } = options;
  const found = await findFormerEmail(store, token);
  if (found) await endSurplusSessions(store, found.userId);
  const result = runInTransaction(store, async (transaction) => {
    const { db, clock } = transaction;
    if (found) await lockAddress(transaction, found.email, found.userId);
    const formerEmail = await findFormerEmail(transaction, token);
    if (!formerEmail) return null;
    const { id, userId, email } = formerEmail;
    const current = await buildUserLock(transaction)
      .where("id", "=", userId)
      .where("disabled_at", "is", null)
      .returning(selectEmail("users"))
      .executeTakeFirst();
    if (!current) return null;
    const { numDeletedRows } = await db.deleteFrom("former_emails").where("id", "=", id).executeTakeFirst();
    if (numDeletedRows === 0n) return null;
    // The undo links of later changes were sent to addresses that may belong to an attacker.
    await db.deleteFrom("former_emails").where("user_id", "=", userId).where("id", ">", id).execute();
    const now = clock();
    const row = await db
      .updateTable("users")
      .set({
        ...toEmailColumns(email),
        email_verified_at: now,
        hashed_password: hashedPassword,
        reset_token: null,
        reset_token_expires_at: null,
        known_since: null,
        updated_at: now,
      })
      .where("id", "=", userId)
      .returning(userColumns)
      .executeTakeFirstOrThrow();
    await deleteResults(transaction, userId);
    await recordResult(transaction, idempotencyKeys, { userId });
    await endSessions(transaction, userId);
    await deleteMailedTokens(transaction, userId);
    await cancelEmailChange(transaction, userId);
    await deleteDevices(transaction, userId);
    await enqueue(transaction, { kind: "reset", language, email });
    await enqueue(transaction, { kind: "move_undone", language, device, email: current.email });
    return { ...row, sessionId: null, resetToken: null };
  });
  return result.catch((error: unknown) => {
    throw store.engine.isUniqueViolation(error, "users.email") ? new EmailTaken("the address has an account") : error;
  });
}
