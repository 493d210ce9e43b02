import { setImmediate as nextTurn } from "node:timers/promises";
import type { User } from "../../user.ts";
import { emailKey } from "../../values/email.ts";
import { selectEmail } from "../email-columns.ts";
import { lockAddress, lockSessions } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import { anonymizeEvents } from "./audit.ts";
import { listFormerEmails as formerEmailsOf } from "./former-emails.ts";
import { recordResult } from "./idempotency.ts";
import { refundInTransaction } from "./limits.ts";
import { getNoticeKeys } from "./notices.ts";
import { enqueue, type MailContent } from "./outbox.ts";
import { endSurplusSessions } from "./session-limit.ts";
import { deleteRegistrationsByEmail } from "./verify-email.ts";

/** The maximum number of audit events that one statement anonymizes. A batch takes a few milliseconds. */
const batchSize = 1000;

export interface DeleteAccountOptions {
  /** If given, the account is deleted only if its password hash still equals this hash. */
  readonly verifiedHash?: string;
  readonly idempotencyKeys?: readonly string[] | undefined;
  /** The email to the account's address and to its held former addresses. */
  readonly notice?: MailContent;
}

/**
 * Deletes an account and all of its data except the email about the deletion, and anonymizes its audit events. An attacker can
 * cause any number of events, so most are anonymized in batches before the transaction.
 *
 * @param limitKeys the keys of the account's limits, whose attempts are deleted
 * @returns false if the account does not exist, or if its password hash is not `verifiedHash`
 */
export async function deleteAccount(
  store: Store,
  { id, email }: Pick<User, "id" | "email">,
  limitKeys: readonly string[],
  { verifiedHash, idempotencyKeys, notice }: DeleteAccountOptions = {},
): Promise<boolean> {
  const key = emailKey(email);
  const condition = { id, ...(verifiedHash !== undefined && { hashed_password: verifiedHash }) };
  const found = await store.db
    .selectFrom("users")
    .select("id")
    .where(({ and }) => and(condition))
    .executeTakeFirst();
  if (!found) return false;
  // SQLite is synchronous. Waiting for the next turn of the event loop lets other requests run between batches.
  while ((await anonymizeEvents(store, id, batchSize)) === batchSize) await nextTurn();
  await endSurplusSessions(store, id);
  return runInTransaction(store, async (transaction) => {
    const { db } = transaction;
    await lockAddress(transaction, email, id);
    // Without this lock, the deletion would lock the sessions in arbitrary order.
    await lockSessions(transaction, id, []);
    const formerEmails = await formerEmailsOf(transaction, id);
    const deleted = await db
      .deleteFrom("users")
      .where(({ and }) => and(condition))
      .returning(selectEmail("users"))
      .executeTakeFirst();
    if (!deleted) return false;
    await recordResult(transaction, idempotencyKeys);
    await anonymizeEvents(transaction, id);
    await deleteRegistrationsByEmail(transaction, key);
    await db.deleteFrom("outbox").where("email", "=", key).execute();
    const addresses = [key, ...formerEmails.map(({ email }) => emailKey(email))];
    await db.deleteFrom("failed_mails").where("email", "in", addresses).execute();
    await refundInTransaction(transaction, [], [...limitKeys, ...getNoticeKeys({ id, email })]);
    const recipients = new Set([deleted.email, ...formerEmails.map(({ email }) => email)]);
    if (notice) for (const to of recipients) await enqueue(transaction, { ...notice, email: to });
    return true;
  });
}
