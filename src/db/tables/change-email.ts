import { EmailTaken } from "../../errors.ts";
import type { User } from "../../user.ts";
import { isDeliverable } from "../../values/email.ts";
import { selectEmail, toEmailColumns } from "../email-columns.ts";
import { buildUserLock, lockAddress } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import { deleteDevices, type Redeemer, recordRedeemer } from "./devices.ts";
import { recordFormerEmail } from "./former-emails.ts";
import { recordResult } from "./idempotency.ts";
import { deleteMailedTokens } from "./mailed-tokens.ts";
import { enqueueNotice } from "./notices.ts";
import { enqueue } from "./outbox.ts";
import { endSurplusSessions } from "./session-limit.ts";
import { type Renewal, renew } from "./session-renewals.ts";
import { endOtherSessions, endSessions } from "./sessions.ts";
import {
  cancelEmailChange,
  deleteRegistrationsByEmail,
  insertVerification,
  redeemVerification,
  type Verification,
} from "./verify-email.ts";

/**
 * Stores an email change until the new address is verified, replaces an earlier change, and queues an email to each address.
 *
 * @returns false if the account was deleted or disabled, or if its password has changed
 */
export async function request(
  store: Store,
  user: User,
  email: string,
  language: string,
  {
    idempotencyKeys = [],
    isMailed = true,
    network = null,
  }: { idempotencyKeys?: readonly string[] | undefined; isMailed?: boolean; network?: string | null } = {},
): Promise<boolean> {
  const userId = user.id;
  return runInTransaction<boolean>(store, async (transaction, rollback) => {
    await lockAddress(transaction, user.email, userId);
    // If two changes are requested at the same time, the later one replaces the earlier one.
    const { numUpdatedRows } = await buildUserLock(transaction)
      .where("id", "=", userId)
      .where("hashed_password", "=", user.hashedPassword)
      .where("disabled_at", "is", null)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return false;
    const verificationId = await insertVerification(transaction, { email, hashed_password: null, user_id: userId });
    // If the form was sent twice, the change is already stored.
    if (!(await recordResult(transaction, idempotencyKeys, { verificationId }))) throw rollback(true);
    await cancelEmailChange(transaction, userId, verificationId);
    if (isMailed && isDeliverable(email))
      await enqueue(transaction, { kind: "move", language, verificationId, network });
    await enqueueNotice(transaction, { kind: "moving", language, email: user.email });
    return true;
  });
}

/** The confirmation of an email change with the mailed token and the account's password. */
export interface EmailChangeConfirmation {
  readonly token: string;
  /** The hash against which the password was verified. */
  readonly verifiedHash: string;
  /** The session that continues under a new id; all others end. */
  readonly session?: (Renewal & { readonly sessionId: string }) | undefined;
  /** A device that stays known, in addition to the redeemer's; all others are forgotten. */
  readonly device?: string | undefined;
  readonly redeemer: Redeemer;
  /** The kind of the confirming device, such as `Firefox/Windows`. */
  readonly deviceKind: string | null;
  /** The language of the email to the old address. */
  readonly language: string;
  readonly idempotencyKeys?: readonly string[] | undefined;
}

/**
 * Changes the address of an account to the verified address, if the password is unchanged. Queues an email to the old address
 * with a link that undoes the change. Invalidates reset tokens, and ends all sessions except `session`.
 *
 * @returns the nonce from which the session's new id is derived, null if no session continues; false if the token is invalid, the
 * password has changed or the account is disabled
 * @throws {EmailTaken} if another account has the address
 */
export async function confirm(
  store: Store,
  verification: Verification,
  confirmation: EmailChangeConfirmation,
): Promise<{ readonly nonce: string | null } | false> {
  const { userId } = verification;
  const { token, verifiedHash, session, device, deviceKind, redeemer, language, idempotencyKeys } = confirmation;
  const address = toEmailColumns(verification.email);
  const now = store.clock();
  if (userId !== null) await endSurplusSessions(store, userId, session?.sessionId);
  try {
    return await runInTransaction<{ readonly nonce: string | null } | false>(store, async (transaction, rollback) => {
      const { db } = transaction;
      await lockAddress(transaction, verification.email, userId);
      const account =
        userId !== null &&
        (await buildUserLock(transaction)
          .where("id", "=", userId)
          .where("hashed_password", "=", verifiedHash)
          .where("disabled_at", "is", null)
          .returning(selectEmail("users"))
          .executeTakeFirst());
      if (!account || !(await redeemVerification(transaction, verification, token))) throw rollback(false);
      await db
        .updateTable("users")
        .set({ ...address, email_verified_at: now, updated_at: now, reset_token: null, reset_token_expires_at: null })
        .where("id", "=", userId)
        .execute();
      const change = { userId, from: account.email, to: verification.email, device: deviceKind, language };
      await recordFormerEmail(transaction, change);
      const nonce = session ? await renew(transaction, session.sessionId, session) : false;
      if (session && nonce !== false) await endOtherSessions(transaction, userId, session.sessionId);
      else await endSessions(transaction, userId);
      await deleteDevices(transaction, userId, device);
      await deleteMailedTokens(transaction, userId);
      await recordResult(transaction, idempotencyKeys, { userId });
      await recordRedeemer(transaction, redeemer, userId, false);
      await deleteRegistrationsByEmail(transaction, address.email);
      return { nonce: nonce === false ? null : nonce };
    });
  } catch (error) {
    throw store.engine.isUniqueViolation(error, "users.email") ? new EmailTaken("the address has an account") : error;
  }
}

/** Returns the address of a pending email change, or null. */
export async function findNewEmail({ db }: Store, userId: number): Promise<string | null> {
  const verification = await db
    .selectFrom("verifications")
    .select(selectEmail("verifications"))
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return verification?.email ?? null;
}
