import { type Expression, expressionBuilder, type SqlBool } from "kysely";
import type { User } from "../../user.ts";
import { emailKey, isDeliverable } from "../../values/email.ts";
import { deleteRows } from "../delete-rows.ts";
import { selectEmail, toEmailColumns } from "../email-columns.ts";
import type { Schema } from "../schema.ts";
import { runInTransaction, type Store } from "../store.ts";
import { recordResult } from "./idempotency.ts";

/**
 * The kinds of emails in the outbox. The text of an email is chosen when the email is sent. When an email change is requested,
 * `move` verifies the new address, and `moving` informs the old one. Once the change is confirmed, `moved` lets the owner of the
 * old address undo the change. `move_undone` reports the undo.
 */
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

/** An email to queue, without its recipient. */
export interface MailContent {
  readonly kind: OutboxKind;
  readonly language: string;
  /** The kind of the device that the email mentions. */
  readonly device?: string | null;
  /** The network that requested the email. Set only if anyone can request the email; it then counts toward the mail limits. */
  readonly network?: string | null;
}

/** An email to queue: to an account, to the address of a verification, or to an address. */
export type NewMail = MailContent &
  ({ readonly userId: number } | { readonly verificationId: number } | { readonly email: string });

/** An email in the outbox. */
export interface OutboxMail {
  readonly id: number;
  readonly kind: OutboxKind;
  readonly userId: number | null;
  readonly verificationId: number | null;
  /** The address as given. */
  readonly email: string | null;
  readonly language: string;
  readonly device: string | null;
  readonly createdAt: number;
  readonly nextAttemptAt: number;
  readonly attempts: number;
  /** The number of events that the email reports. */
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
 * Queues an email in the caller's transaction, unless its address cannot receive email.
 *
 * @param at when the email is due, in milliseconds since the epoch; now by default
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
      domain: await findDomain(db, mail),
      network: mail.network ?? null,
    })
    .execute();
}

/** Finds the current domain of the recipient; null if the recipient does not exist. */
async function findDomain(db: Store["db"], mail: NewMail): Promise<string | null> {
  const email = "email" in mail ? emailKey(mail.email) : await findRecipient(db, mail);
  return email === undefined ? null : email.slice(email.lastIndexOf("@") + 1);
}

async function findRecipient(
  db: Store["db"],
  to: { readonly userId: number } | { readonly verificationId: number },
): Promise<string | undefined> {
  const found =
    "userId" in to
      ? await db.selectFrom("users").select("email").where("id", "=", to.userId).executeTakeFirst()
      : await db.selectFrom("verifications").select("email").where("id", "=", to.verificationId).executeTakeFirst();
  return found?.email;
}

/** Queues an email, unless its address cannot receive email, or the first idempotency key was recorded within the last minute. */
export async function add(store: Store, mail: NewMail, idempotencyKeys: readonly string[] = []): Promise<void> {
  if (idempotencyKeys.length === 0) return enqueue(store, mail);
  await runInTransaction(store, async (transaction) => {
    if (await recordResult(transaction, idempotencyKeys)) await enqueue(transaction, mail);
  });
}

/** Returns true if a newer email for another registration of the address is queued. */
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

/** Returns true if the email of a registration is still queued. */
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

/** Deletes an email without sending it. */
export async function remove({ db }: Store, id: number): Promise<void> {
  await db.deleteFrom("outbox").where("id", "=", id).execute();
}

/** Lists the queued emails, oldest first. */
export async function list({ db }: Store, limit: number): Promise<OutboxMail[]> {
  return (await db.selectFrom("outbox").select(mailColumns).orderBy("id").limit(limit).execute()) as OutboxMail[];
}

/** Builds a condition that is true for emails to a user: to the account, its address or its pending new address. */
export function isMailForUser({ id, email }: Pick<User, "id" | "email">): Expression<SqlBool> {
  const mail = expressionBuilder<Schema, "outbox" | "failed_mails">();
  const key = emailKey(email);
  const verifications = mail
    .selectFrom("verifications")
    .select("verifications.id")
    .where((of) => of.or([of("verifications.user_id", "=", id), of("verifications.email", "=", key)]));
  return mail.or([mail("user_id", "=", id), mail("email", "=", key), mail("verification_id", "in", verifications)]);
}

/** Lists the queued emails to a user, oldest first. */
export async function listForUser({ db }: Store, user: Pick<User, "id" | "email">): Promise<OutboxMail[]> {
  const mails = db.selectFrom("outbox").select(mailColumns).where(isMailForUser(user));
  return (await mails.orderBy("id").execute()) as OutboxMail[];
}

/** Counts the queued emails. */
export async function count({ db }: Store): Promise<number> {
  const { count } = await db
    .selectFrom("outbox")
    .select((row) => row.fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Makes every queued email due now; returns the number of emails that were not due yet. */
export async function makeAllDue({ db, clock }: Store): Promise<number> {
  const now = clock();
  const { numUpdatedRows } = await db
    .updateTable("outbox")
    .set({ next_try_at: now })
    .where("next_try_at", ">", now)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Deletes at most `limit` emails that were queued before `before`; returns the number deleted. */
export async function sweep(store: Store, before: number, limit: number): Promise<number> {
  return deleteRows(store, "outbox", (row) => row("created_at", "<", before), limit);
}
