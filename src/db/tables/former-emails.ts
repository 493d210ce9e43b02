import { clockTolerance } from "../../values/clock-tolerance.ts";
import { emailKey, isDeliverable } from "../../values/email.ts";
import { undoLifetime } from "../../values/undo-lifetime.ts";
import { digest } from "../digest.ts";
import { selectEmail, toEmailColumns } from "../email-columns.ts";
import { holdFormerEmail, skipLockedRows } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import { addMailedToken, type MailRequest, wasJustMailed } from "./mailed-tokens.ts";
import { enqueue } from "./outbox.ts";

/** An address that an account has left. */
export interface FormerEmail {
  readonly id: number;
  readonly userId: number;
  /** In the given spelling. */
  readonly email: string;
  /** The kind of device that confirmed the move, such as `Firefox/Windows`. */
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

/** A move that was confirmed: by what kind of device, and in which language. */
export interface ConfirmedEmailChange {
  readonly userId: number;
  readonly from: string;
  readonly to: string;
  readonly device: string | null;
  readonly language: string;
}

/**
 * Holds the address that an account leaves, and queues the mail to it, in the transaction that moves the account. An address
 * that no mail can be sent to is not held, because nobody could undo the move.
 */
export async function recordFormerEmail(
  store: Store,
  { userId, from, to, device, language }: ConfirmedEmailChange,
): Promise<void> {
  const { db, clock } = store;
  // The account is back at an address that it had left.
  await db.deleteFrom("former_emails").where("user_id", "=", userId).where("email", "=", emailKey(to)).execute();
  if (!isDeliverable(from)) return;
  await db
    .insertInto("former_emails")
    .values({ user_id: userId, ...toEmailColumns(from), device, left_at: clock() })
    .execute();
  await enqueue(store, { kind: "moved", language, device, email: from });
}

/** The addresses whose moves can still be undone. A time ahead of now was written by a wrong clock. */
function held({ db, clock }: Store) {
  const now = clock();
  return db
    .selectFrom("former_emails")
    .where("left_at", ">", now - undoLifetime)
    .where("left_at", "<=", now + clockTolerance);
}

/**
 * Whether an account has left this address and can still be brought back to it. Until then nobody else gets the address without
 * proof that it is theirs: a thief who moved an account away could otherwise register its address and keep it from coming back.
 */
export async function isEmailHeld(store: Store, email: string): Promise<boolean> {
  const found = await held(store)
    .select("id")
    .where("former_emails.email", "=", emailKey(email))
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/**
 * Gives an address that an account has left the token that is being mailed there; the previous one works until `accept`.
 *
 * @returns null when the move can no longer be undone, when the account is disabled, or when a token was mailed just before this
 * request
 */
export async function storeToken(
  store: Store,
  email: string,
  token: string,
  mailing: MailRequest,
): Promise<FormerEmail | null> {
  return runInTransaction(store, async (transaction) => {
    const newest = await held(transaction)
      .innerJoin("users", "users.id", "former_emails.user_id")
      .select(columns)
      .where("users.disabled_at", "is", null)
      .where("former_emails.email", "=", emailKey(email))
      .orderBy("former_emails.id", "desc")
      .limit(1)
      .executeTakeFirst();
    if (!newest) return null;
    const { numUpdatedRows } = await holdFormerEmail(transaction).where("id", "=", newest.id).executeTakeFirst();
    if (numUpdatedRows === 0n) return null;
    const owner = { formerEmailId: newest.id };
    if (await wasJustMailed(transaction, owner, "undo", mailing.requestedAt)) return null;
    await addMailedToken(transaction, owner, "undo", token);
    return newest;
  });
}

/** The move that a mailed token undoes; null when the token is invalid, or the account is disabled. */
export async function find(store: Store, token: string): Promise<FormerEmail | null> {
  const found = await held(store)
    .innerJoin("mailed_tokens", "mailed_tokens.former_email_id", "former_emails.id")
    .innerJoin("users", "users.id", "former_emails.user_id")
    .select(columns)
    .where("mailed_tokens.token", "=", digest(token))
    .where("mailed_tokens.purpose", "=", "undo")
    .where("users.disabled_at", "is", null)
    .executeTakeFirst();
  return found ?? null;
}

/** The addresses that an account can still be brought back to, the latest move first. */
export async function list(store: Store, userId: number): Promise<FormerEmail[]> {
  return held(store).select(columns).where("user_id", "=", userId).orderBy("former_emails.id", "desc").execute();
}

/** Deletes at most `limit` former addresses from before a time; returns how many. */
export async function sweep(store: Store, before: number, limit: number): Promise<number> {
  const { db } = store;
  const old = skipLockedRows(
    store,
    db.selectFrom("former_emails").select("id").where("left_at", "<", before).limit(limit),
  );
  const { numDeletedRows } = await db.deleteFrom("former_emails").where("id", "in", old).executeTakeFirst();
  return Number(numDeletedRows);
}
