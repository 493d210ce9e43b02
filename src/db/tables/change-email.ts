import { EmailTaken } from "../../errors.ts";
import type { User } from "../../user.ts";
import { isDeliverable } from "../../values/email.ts";
import { selectEmail, toEmailColumns } from "../email-columns.ts";
import { holdUser, lockAddress } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import { recordAct } from "./acts.ts";
import { forgetDevices, type Redeemer, rememberRedeemer } from "./devices.ts";
import { recordFormerEmail } from "./former-emails.ts";
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
  takeVerification,
  type Verification,
} from "./verify-email.ts";

/**
 * Keeps where an account moves to until that is confirmed, instead of where it wanted to before; both addresses are told.
 *
 * @returns false when the account is gone, disabled, or has another password than the one that was given for this
 */
export async function add(
  store: Store,
  user: User,
  email: string,
  language: string,
  {
    acts = [],
    isMailed = true,
    network = null,
  }: { acts?: readonly string[] | undefined; isMailed?: boolean; network?: string | null } = {},
): Promise<boolean> {
  const userId = user.id;
  return runInTransaction<boolean>(store, async (transaction, rollback) => {
    await lockAddress(transaction, user.email, userId);
    // Of two changes at once one replaces the other.
    const { numUpdatedRows } = await holdUser(transaction)
      .where("id", "=", userId)
      .where("hashed_password", "=", user.hashedPassword)
      .where("disabled_at", "is", null)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return false;
    const verificationId = await insertVerification(transaction, { email, hashed_password: null, user_id: userId });
    // The form was sent before: it is done already.
    if (!(await recordAct(transaction, acts, { verificationId }))) throw rollback(true);
    await cancelEmailChange(transaction, userId, verificationId);
    if (isMailed && isDeliverable(email))
      await enqueue(transaction, { kind: "move", language, verificationId, network });
    await enqueueNotice(transaction, { kind: "moving", language, email: user.email });
    return true;
  });
}

/** A move that its mailed token and the account's password confirm. */
export interface EmailChangeConfirmation {
  readonly token: string;
  /** The hash that the password was verified against. */
  readonly verifiedHash: string;
  /** The session of this account that continues under a new id; every other ends. */
  readonly session?: (Renewal & { readonly sessionId: string }) | undefined;
  /** A device that stays known, beside the redeemer's; every other is forgotten. */
  readonly device?: string | undefined;
  readonly redeemer: Redeemer;
  /** The kind of device that confirms, such as `Firefox/Windows`. */
  readonly deviceKind: string | null;
  /** The language of the mail to the old address. */
  readonly language: string;
  readonly acts?: readonly string[] | undefined;
}

/**
 * Moves an account to the address that was mailed, if its password is still the one that was verified, and mails the old
 * address how to undo it. The sessions from before and a reset token that was mailed to the old address end.
 *
 * @returns whether it was moved, and the nonce that the new id of the session is derived from, if one goes on; false when the
 * token is no longer good
 * @throws {EmailTaken} when the address has an account
 */
export async function confirm(
  store: Store,
  verification: Verification,
  proof: EmailChangeConfirmation,
): Promise<{ readonly nonce: string | null } | false> {
  const { userId } = verification;
  const { token, verifiedHash, session, device, deviceKind, redeemer, language, acts } = proof;
  const address = toEmailColumns(verification.email);
  const now = store.clock();
  if (userId !== null) await endSurplusSessions(store, userId, session?.sessionId);
  try {
    return await runInTransaction<{ readonly nonce: string | null } | false>(store, async (transaction, rollback) => {
      const { db } = transaction;
      await lockAddress(transaction, verification.email, userId);
      const mover =
        userId !== null &&
        (await holdUser(transaction)
          .where("id", "=", userId)
          .where("hashed_password", "=", verifiedHash)
          .where("disabled_at", "is", null)
          .returning(selectEmail("users"))
          .executeTakeFirst());
      if (!mover || !(await takeVerification(transaction, verification, token))) throw rollback(false);
      await db
        .updateTable("users")
        .set({ ...address, email_verified_at: now, updated_at: now, reset_token: null, reset_token_expires_at: null })
        .where("id", "=", userId)
        .execute();
      const departure = { userId, from: mover.email, to: verification.email, device: deviceKind, language };
      await recordFormerEmail(transaction, departure);
      const nonce = session ? await renew(transaction, session.sessionId, session) : false;
      if (session && nonce !== false) await endOtherSessions(transaction, userId, session.sessionId);
      else await endSessions(transaction, userId);
      await forgetDevices(transaction, userId, device);
      await deleteMailedTokens(transaction, userId);
      await recordAct(transaction, acts, { userId });
      await rememberRedeemer(transaction, redeemer, userId, false);
      await deleteRegistrationsByEmail(transaction, address.email);
      return { nonce: nonce === false ? null : nonce };
    });
  } catch (error) {
    throw store.engine.isUniqueViolation(error, "users.email") ? new EmailTaken("the address has an account") : error;
  }
}

/** Where an account wants to move to, or null. */
export async function findNewEmail({ db }: Store, userId: number): Promise<string | null> {
  const move = await db
    .selectFrom("verifications")
    .select(selectEmail("verifications"))
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return move?.email ?? null;
}
