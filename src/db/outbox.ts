import { emailKey, isMailable } from "../email.ts";
import type { User } from "../user.ts";
import { emailColumns, spelledEmail } from "./spellings.ts";
import type { Store } from "./store.ts";

/** What a mail in the outbox is about; which message it becomes shows when it is sent. */
const kinds = [
  "registration",
  "verification",
  "invitation",
  "reset",
  "move",
  "moving",
  "password_changed",
  "new_device",
] as const;
export type OutboxKind = (typeof kinds)[number];

/** A mail to be sent, but for who gets it. */
export interface Notice {
  readonly kind: OutboxKind;
  readonly language: string;
  /** The kind of device that it tells of. */
  readonly device?: string | null;
}

/** A mail to be sent to an account, to the address of a verification, or to whatever account an address has then. */
export type NewMail = Notice &
  ({ readonly userId: number } | { readonly verificationId: number } | { readonly email: string });

/** A mail that waits. */
export interface WaitingMail {
  readonly id: number;
  readonly kind: OutboxKind;
  readonly userId: number | null;
  readonly verificationId: number | null;
  /** As it was given. */
  readonly email: string | null;
  readonly language: string;
  readonly device: string | null;
  readonly createdAt: number;
  readonly nextTryAt: number;
  readonly tries: number;
}

const columns = [
  "id",
  "kind",
  "user_id as userId",
  "verification_id as verificationId",
  spelledEmail("outbox"),
  "language",
  "device",
  "created_at as createdAt",
  "next_try_at as nextTryAt",
  "tries",
] as const;

/** Puts a mail into the outbox, unless none can be sent to its address: it is sent if, and only if, the transaction commits. */
export async function enqueue({ db, clock }: Store, mail: NewMail): Promise<void> {
  if ("email" in mail && !isMailable(mail.email)) return;
  const now = clock();
  await db
    .insertInto("outbox")
    .values({
      kind: mail.kind,
      language: mail.language,
      device: mail.device ?? null,
      user_id: "userId" in mail ? mail.userId : null,
      verification_id: "verificationId" in mail ? mail.verificationId : null,
      ...("email" in mail && emailColumns(mail.email)),
      created_at: now,
      next_try_at: now,
      tries: 0,
    })
    .execute();
}

/**
 * Takes at most `limit` mails that are due. Each is due again after `backOff(tries)` milliseconds, unless it was removed
 * by then: of several nodes one gets it, and one that crashes has lost nothing. What a newer node put there is left to it.
 */
export async function claimMails(
  { db, clock }: Store,
  limit: number,
  backOff: (tries: number) => number,
): Promise<WaitingMail[]> {
  const now = clock();
  const due = await db
    .selectFrom("outbox")
    .select(columns)
    .where("next_try_at", "<=", now)
    .where("kind", "in", kinds)
    .orderBy("next_try_at")
    .orderBy("id")
    .limit(limit)
    .execute();
  const claimed: WaitingMail[] = [];
  for (const mail of due as WaitingMail[]) {
    const tries = mail.tries + 1;
    const nextTryAt = now + backOff(tries);
    const { numUpdatedRows } = await db
      .updateTable("outbox")
      .set({ tries, next_try_at: nextTryAt })
      .where("id", "=", mail.id)
      .where("tries", "=", mail.tries)
      .where("next_try_at", "=", mail.nextTryAt)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) claimed.push({ ...mail, tries, nextTryAt });
  }
  return claimed;
}

/** Takes a mail out: it was sent, or never will be. */
export async function removeMail({ db }: Store, id: number): Promise<void> {
  await db.deleteFrom("outbox").where("id", "=", id).execute();
}

/** The mails that wait, the oldest first. */
export async function waitingMails({ db }: Store, limit: number): Promise<WaitingMail[]> {
  return (await db.selectFrom("outbox").select(columns).orderBy("id").limit(limit).execute()) as WaitingMail[];
}

/** The mails that wait for an account, its address or the one it moves to, the oldest first. */
export async function mailsTo({ db }: Store, { id, email }: Pick<User, "id" | "email">): Promise<WaitingMail[]> {
  const key = emailKey(email);
  const verifications = db
    .selectFrom("verifications")
    .select("id")
    .where((of) => of.or([of("user_id", "=", id), of("email", "=", key)]));
  return (await db
    .selectFrom("outbox")
    .select(columns)
    .where((mail) =>
      mail.or([mail("user_id", "=", id), mail("outbox.email", "=", key), mail("verification_id", "in", verifications)]),
    )
    .orderBy("id")
    .execute()) as WaitingMail[];
}

/** How many mails wait. */
export async function countMails({ db }: Store): Promise<number> {
  const { count } = await db
    .selectFrom("outbox")
    .select((row) => row.fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Has every mail that waits be due now; returns how many. */
export async function retryMails({ db, clock }: Store): Promise<number> {
  const now = clock();
  const { numUpdatedRows } = await db
    .updateTable("outbox")
    .set({ next_try_at: now })
    .where("next_try_at", ">", now)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Takes out at most `limit` mails from before a time; returns how many. */
export async function sweepMails({ db }: Store, before: number, limit: number): Promise<number> {
  const old = db.selectFrom("outbox").select("id").where("created_at", "<", before).limit(limit);
  const { numDeletedRows } = await db.deleteFrom("outbox").where("id", "in", old).executeTakeFirst();
  return Number(numDeletedRows);
}
