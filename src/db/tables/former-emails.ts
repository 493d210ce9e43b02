import { clockTolerance } from "../../values/clock-tolerance.ts";
import { emailKey, isDeliverable } from "../../values/email.ts";
import { undoLifetime } from "../../values/undo-lifetime.ts";
import { deleteRows } from "../delete-rows.ts";
import { digest } from "../digest.ts";
import { selectEmail, toEmailColumns } from "../email-columns.ts";
import { buildFormerEmailLock } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import { addMailedToken, type MailRequest, wasJustMailed } from "./mailed-tokens.ts";
import { enqueue } from "./outbox.ts";

/** The previous address of an account. */
export interface FormerEmail {
  readonly id: number;
  readonly userId: number;
  /** The address as given. */
  readonly email: string;
  /** The kind of the device that confirmed the email change, such as `Firefox/Windows`. */
  readonly device: string | null;
  readonly leftAt: number;
}

const columns = [
  "former_emails.id",
  "former_emails.user_id as userId",
  selectEmail("former_emails"),
  "former_emails.device",
  "former_emails.left_at as leftAt",
] as const;

export interface ConfirmedEmailChange {
  readonly userId: number;
  readonly from: string;
  readonly to: string;
  /** The kind of the device that confirmed the change. */
  readonly device: string | null;
  /** The language of the email to the old address. */
  readonly language: string;
}

/**
 * Records the old address and queues an email to it, in the transaction of the email change. An address that cannot receive email
 * is not recorded, because the change could not be undone.
 */
export async function recordFormerEmail(
  store: Store,
  { userId, from, to, device, language }: ConfirmedEmailChange,
): Promise<void> {
  const { db, clock } = store;
  // If the account returns to a former address, that address is no longer a former address.
  await db.deleteFrom("former_emails").where("user_id", "=", userId).where("email", "=", emailKey(to)).execute();
  if (!isDeliverable(from)) return;
  await db
    .insertInto("former_emails")
    .values({ user_id: userId, ...toEmailColumns(from), device, left_at: clock() })
    .execute();
  await enqueue(store, { kind: "moved", language, device, email: from });
}

/**
 * Selects the held former addresses: the addresses whose email change can still be undone. Only a wrong clock stores a future
 * time.
 */
function selectHeldEmails({ db, clock }: Store) {
  const now = clock();
  return db
    .selectFrom("former_emails")
    .where("left_at", ">", now - undoLifetime)
    .where("left_at", "<=", now + clockTolerance);
}

/**
 * Returns true if an address is held, because the change from it can still be undone. If so, a registration of the address needs
 * email verification. Otherwise, an attacker who changed a user's address could register the old address and so block the undo.
 */
export async function isEmailHeld(store: Store, email: string): Promise<boolean> {
  const found = await selectHeldEmails(store)
    .select("id")
    .where("former_emails.email", "=", emailKey(email))
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/**
 * Stores the undo token that is about to be mailed to a former address. The previous one stays valid until `markAccepted`.
 *
 * @returns null if the change can no longer be undone, if the account is disabled, or if a token was mailed just before the request
 */
export async function storeToken(
  store: Store,
  email: string,
  token: string,
  mailRequest: MailRequest,
): Promise<FormerEmail | null> {
  return runInTransaction(store, async (transaction) => {
    const newest = await selectHeldEmails(transaction)
      .innerJoin("users", "users.id", "former_emails.user_id")
      .select(columns)
      .where("users.disabled_at", "is", null)
      .where("former_emails.email", "=", emailKey(email))
      .orderBy("former_emails.id", "desc")
      .limit(1)
      .executeTakeFirst();
    if (!newest) return null;
    const { numUpdatedRows } = await buildFormerEmailLock(transaction).where("id", "=", newest.id).executeTakeFirst();
    if (numUpdatedRows === 0n) return null;
    const owner = { formerEmailId: newest.id };
    if (await wasJustMailed(transaction, owner, "undo", mailRequest.requestedAt)) return null;
    await addMailedToken(transaction, owner, "undo", token);
    return newest;
  });
}

/** Finds the former address of an undo token; null if the token is invalid or the account is disabled. */
export async function findFormerEmail(store: Store, token: string): Promise<FormerEmail | null> {
  const found = await selectHeldEmails(store)
    .innerJoin("mailed_tokens", "mailed_tokens.former_email_id", "former_emails.id")
    .innerJoin("users", "users.id", "former_emails.user_id")
    .select(columns)
    .where("mailed_tokens.token", "=", digest(token))
    .where("mailed_tokens.purpose", "=", "undo")
    .where("users.disabled_at", "is", null)
    .executeTakeFirst();
  return found ?? null;
}

/** Lists the held former addresses of an account, newest first. */
export async function listFormerEmails(store: Store, userId: number): Promise<FormerEmail[]> {
  return selectHeldEmails(store)
    .select(columns)
    .where("user_id", "=", userId)
    .orderBy("former_emails.id", "desc")
    .execute();
}

/** Deletes at most `limit` former addresses that are older than `before`; returns the number deleted. */
export async function sweep(store: Store, before: number, limit: number): Promise<number> {
  return deleteRows(store, "former_emails", (row) => row("left_at", "<", before), limit);
}
