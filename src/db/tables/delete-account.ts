import { setImmediate as turn } from "node:timers/promises";
import type { User } from "../../user.ts";
import { emailKey } from "../../values/email.ts";
import { selectEmail } from "../email-columns.ts";
import { lockAddress, lockSessions } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import { recordAct } from "./acts.ts";
import { anonymizeEvents } from "./audit.ts";
import { list as formerEmailsOf } from "./former-emails.ts";
import { refundInTransaction } from "./limits.ts";
import { noticeKeys } from "./notices.ts";
import { enqueue, type MailContent } from "./outbox.ts";
import { endSurplusSessions } from "./session-limit.ts";
import { deleteRegistrationsByEmail } from "./verify-email.ts";

/** So many entries of the audit trail are made anonymous at once: some milliseconds. */
const eventsAtOnce = 1000;

/** Options of `erase`. */
export interface DeleteAccountOptions {
  /** If given, the account is erased only while its password has this hash. */
  readonly verifiedHash?: string;
  readonly acts?: readonly string[] | undefined;
  /** The mail of it, to the account's address and to those that it can still be brought back to. */
  readonly notice?: MailContent;
}

/**
 * Erases an account and everything about it except the mail that reports it; what is left of its events names nobody. Strangers
 * can cause any number of those, so most of them are made anonymous before, some at a time.
 *
 * @param attempts the keys that count attempts at the account
 * @returns false when there is no such account, or it has another hash than `verifiedHash`
 */
export async function deleteAccount(
  store: Store,
  { id, email }: Pick<User, "id" | "email">,
  attempts: readonly string[],
  { verifiedHash, acts, notice }: DeleteAccountOptions = {},
): Promise<boolean> {
  const key = emailKey(email);
  const erased = { id, ...(verifiedHash !== undefined && { hashed_password: verifiedHash }) };
  const found = await store.db
    .selectFrom("users")
    .select("id")
    .where(({ and }) => and(erased))
    .executeTakeFirst();
  if (!found) return false;
  // SQLite answers in the same turn: others have theirs in between.
  while ((await anonymizeEvents(store, id, eventsAtOnce)) === eventsAtOnce) await turn();
  await endSurplusSessions(store, id);
  return runInTransaction(store, async (transaction) => {
    const { db } = transaction;
    await lockAddress(transaction, email, id);
    // The deletion would lock them in no order.
    await lockSessions(transaction, id, []);
    const former = await formerEmailsOf(transaction, id);
    const gone = await db
      .deleteFrom("users")
      .where(({ and }) => and(erased))
      .returning(selectEmail("users"))
      .executeTakeFirst();
    if (!gone) return false;
    await recordAct(transaction, acts);
    await anonymizeEvents(transaction, id);
    await deleteRegistrationsByEmail(transaction, key);
    await db.deleteFrom("outbox").where("email", "=", key).execute();
    const addresses = [key, ...former.map((left) => emailKey(left.email))];
    await db.deleteFrom("failed_mails").where("email", "in", addresses).execute();
    await refundInTransaction(transaction, [], [...attempts, ...noticeKeys({ id, email })]);
    const told = new Set([gone.email, ...former.map((left) => left.email)]);
    if (notice) for (const to of told) await enqueue(transaction, { ...notice, email: to });
    return true;
  });
}
