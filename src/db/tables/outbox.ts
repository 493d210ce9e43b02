import { type Expression, expressionBuilder, type SqlBool } from "kysely";
import type { User } from "../../user.ts";
import { emailKey, isDeliverable } from "../../values/email.ts";
import { selectEmail, toEmailColumns } from "../email-columns.ts";
import { skipLockedRows } from "../locks.ts";
import type { Schema } from "../schema.ts";
import { runInTransaction, type Store } from "../store.ts";
import { recordAct } from "./acts.ts";

/** What a mail in the outbox is about; which message it becomes shows when it is sent. */
export const kinds = [
  "registration",
  "verification",
  "invitation",
  "reset",
  "move",
  "moving",
  "moved",
  "move_undone",
  "deleted",
  "deleted_by_operator",
  "password_changed",
  "new_device",
] as const;
export type OutboxKind = (typeof kinds)[number];

/** A mail to be sent, but for who gets it. */
export interface MailContent {
  readonly kind: OutboxKind;
  readonly language: string;
  /** The kind of device that it tells of. */
  readonly device?: string | null;
  /** The network that requested it, if anybody can request it: such mails count toward the caps on mail. */
  readonly network?: string | null;
}

/** A mail to be sent to an account, to the address of a verification, or to whatever account an address has then. */
export type NewMail = MailContent &
  ({ readonly userId: number } | { readonly verificationId: number } | { readonly email: string });

/** A mail that waits. */
export interface OutboxMail {
  readonly id: number;
  readonly kind: OutboxKind;
  readonly userId: number | null;
  readonly verificationId: number | null;
  /** In the given spelling. */
  readonly email: string | null;
  readonly language: string;
  readonly device: string | null;
  readonly createdAt: number;
  readonly nextAttemptAt: number;
  readonly attempts: number;
  /** How many events it reports. */
  readonly eventCount: number;
}

export const mailColumns = [
  "id",
  "kind",
  "user_id as userId",
  "verification_id as verificationId",
  selectEmail("outbox"),
  "language",
  "device",
  "created_at as createdAt",
  "next_try_at as nextAttemptAt",
  "tries as attempts",
  "times as eventCount",
] as const;

/**
 * Queues a mail, unless none can be sent to its address. It is sent if, and only if, the transaction commits.
 *
 * @param at when it is due, in milliseconds since 1970; by default at once
 */
export async function enqueue({ db, clock }: Store, mail: NewMail, at = clock()): Promise<void> {
  if ("email" in mail && !isDeliverable(mail.email)) return;
  await db
    .insertInto("outbox")
    .values({
      kind: mail.kind,
      language: mail.language,
      device: mail.device ?? null,
      user_id: "userId" in mail ? mail.userId : null,
      verification_id: "verificationId" in mail ? mail.verificationId : null,
      ...("email" in mail && toEmailColumns(mail.email)),
      created_at: clock(),
      next_try_at: at,
      tries: 0,
      domain: await domainOf(db, mail),
      network: mail.network ?? null,
    })
    .execute();
}

/** The domain of the recipient, as it is now; null if there is none. */
async function domainOf(db: Store["db"], mail: NewMail): Promise<string | null> {
  const email = "email" in mail ? emailKey(mail.email) : await recipientOf(db, mail);
  return email === undefined ? null : email.slice(email.lastIndexOf("@") + 1);
}

async function recipientOf(
  db: Store["db"],
  to: { readonly userId: number } | { readonly verificationId: number },
): Promise<string | undefined> {
  const found =
    "userId" in to
      ? await db.selectFrom("users").select("email").where("id", "=", to.userId).executeTakeFirst()
      : await db.selectFrom("verifications").select("email").where("id", "=", to.verificationId).executeTakeFirst();
  return found?.email;
}

/** Queues a mail, unless none can be sent to its address, or the same form was sent within the last minute. */
export async function add(store: Store, mail: NewMail, acts: readonly string[] = []): Promise<void> {
  if (acts.length === 0) return enqueue(store, mail);
  await runInTransaction(store, async (transaction) => {
    if (await recordAct(transaction, acts)) await enqueue(transaction, mail);
  });
}

/** Whether a newer mail is waiting for another registration of this address. */
export async function isNewerRegistrationQueued({ db }: Store, { id }: OutboxMail, email: string): Promise<boolean> {
  const registrations = db
    .selectFrom("verifications")
    .select("id")
    .where("email", "=", emailKey(email))
    .where("user_id", "is", null);
  const newer = await db
    .selectFrom("outbox")
    .select("id")
    .where("id", ">", id)
    .where("kind", "=", "registration")
    .where("verification_id", "in", registrations)
    .limit(1)
    .executeTakeFirst();
  return newer !== undefined;
}

/** Whether the mail of this registration is still waiting. */
export async function isRegistrationQueued({ db }: Store, verificationId: number): Promise<boolean> {
  const mail = await db
    .selectFrom("outbox")
    .select("id")
    .where("verification_id", "=", verificationId)
    .where("kind", "=", "registration")
    .limit(1)
    .executeTakeFirst();
  return mail !== undefined;
}

/** Removes a mail, which will never be sent. */
export async function remove({ db }: Store, id: number): Promise<void> {
  await db.deleteFrom("outbox").where("id", "=", id).execute();
}

/** The mails that wait, the oldest first. */
export async function list({ db }: Store, limit: number): Promise<OutboxMail[]> {
  return (await db.selectFrom("outbox").select(mailColumns).orderBy("id").limit(limit).execute()) as OutboxMail[];
}

/** Selects the mails to an account, its address or the one it moves to. */
export function isMailForUser({ id, email }: Pick<User, "id" | "email">): Expression<SqlBool> {
  const mail = expressionBuilder<Schema, "outbox" | "failed_mails">();
  const key = emailKey(email);
  const verifications = mail
    .selectFrom("verifications")
    .select("verifications.id")
    .where((of) => of.or([of("verifications.user_id", "=", id), of("verifications.email", "=", key)]));
  return mail.or([mail("user_id", "=", id), mail("email", "=", key), mail("verification_id", "in", verifications)]);
}

/** The waiting mails to an account, its address or the one it moves to, the oldest first. */
export async function listForUser({ db }: Store, user: Pick<User, "id" | "email">): Promise<OutboxMail[]> {
  const mails = db.selectFrom("outbox").select(mailColumns).where(isMailForUser(user));
  return (await mails.orderBy("id").execute()) as OutboxMail[];
}

/** How many mails wait. */
export async function count({ db }: Store): Promise<number> {
  const { count } = await db
    .selectFrom("outbox")
    .select((row) => row.fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Has every mail that waits be due now; returns how many. */
export async function retry({ db, clock }: Store): Promise<number> {
  const now = clock();
  const { numUpdatedRows } = await db
    .updateTable("outbox")
    .set({ next_try_at: now })
    .where("next_try_at", ">", now)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Takes out at most `limit` mails from before a time; returns how many. */
export async function sweep(store: Store, before: number, limit: number): Promise<number> {
  const { db } = store;
  const old = skipLockedRows(store, db.selectFrom("outbox").select("id").where("created_at", "<", before).limit(limit));
  const { numDeletedRows } = await db.deleteFrom("outbox").where("id", "in", old).executeTakeFirst();
  return Number(numDeletedRows);
}
