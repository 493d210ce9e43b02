import type { User } from "../../user.ts";
import { deleteRows } from "../delete-rows.ts";
import { runInTransaction, type Store } from "../store.ts";
import { revoke as revokeToken } from "./mailed-tokens.ts";
import { isMailForUser, type OutboxKind, type OutboxMail } from "./outbox.ts";

/**
 * The maximum number of failed emails that a sweep keeps. A limit is needed because anyone can request emails to addresses that
 * do not exist.
 */
const maxKept = 10_000;

/** An email that is no longer retried. */
export interface FailedMail {
  readonly id: number;
  readonly kind: OutboxKind;
  readonly userId: number | null;
  readonly createdAt: number;
  readonly attempts: number;
  readonly failedAt: number;
  /** The reason for the failure, without any email address. */
  readonly reason: string | null;
}

const columns = [
  "id",
  "kind",
  "user_id as userId",
  "created_at as createdAt",
  "tries as attempts",
  "failed_at as failedAt",
  "reason",
] as const;

/** The columns that `failed_mails` shares with `outbox`. */
const sharedColumns = [
  "kind",
  "user_id",
  "verification_id",
  "email",
  "email_spelling",
  "language",
  "device",
  "times",
  "domain",
  "network",
] as const;

/**
 * The kinds of emails about a deleted account. If such an email fails, it is stored without its recipient and cannot be retried.
 */
const deletionKinds: readonly string[] = ["deleted", "deleted_by_operator"] satisfies OutboxKind[];
const withoutRecipient = { email: null, email_spelling: null, domain: null, device: null } as const;

/** Moves an email from the outbox to the failed emails, and revokes its token if given. */
export async function add(
  store: Store,
  { id }: Pick<OutboxMail, "id">,
  { reason, token }: { readonly reason: string | undefined; readonly token?: string | undefined },
): Promise<void> {
  await runInTransaction(store, async ({ db, clock }) => {
    const mail = await db
      .deleteFrom("outbox")
      .where("id", "=", id)
      .returning([...sharedColumns, "created_at", "tries"])
      .executeTakeFirst();
    if (!mail) return;
    await db
      .insertInto("failed_mails")
      .values({
        ...mail,
        ...(deletionKinds.includes(mail.kind) && withoutRecipient),
        failed_at: clock(),
        reason: reason ?? null,
      })
      .execute();
    if (token !== undefined) await revokeToken({ db }, token);
  });
}

/** Lists the failed emails, newest first. */
export async function list({ db }: Store, limit: number): Promise<FailedMail[]> {
  return (await db
    .selectFrom("failed_mails")
    .select(columns)
    .orderBy("id", "desc")
    .limit(limit)
    .execute()) as FailedMail[];
}

/** Lists the failed emails to a user, oldest first: to the account, its address or its pending new address. */
export async function listForUser({ db }: Store, user: Pick<User, "id" | "email">): Promise<FailedMail[]> {
  const mails = db.selectFrom("failed_mails").select(columns).where(isMailForUser(user));
  return (await mails.orderBy("id").execute()) as FailedMail[];
}

/** Counts the failed emails. */
export async function count({ db }: Store): Promise<number> {
  const { count } = await db
    .selectFrom("failed_mails")
    .select((row) => row.fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Moves at most `limit` failed emails back to the outbox, due now; returns the number of moved emails. */
export async function requeue(store: Store, limit: number): Promise<number> {
  return runInTransaction(store, async ({ db, clock }) => {
    const now = clock();
    const selected = db
      .selectFrom("failed_mails")
      .select("id")
      .where("kind", "not in", deletionKinds)
      .orderBy("id")
      .limit(limit);
    const mails = await db
      .deleteFrom("failed_mails")
      .where("id", "in", selected)
      .returning([...sharedColumns])
      .execute();
    if (mails.length === 0) return 0;
    const requeued = mails.map((mail) => ({ ...mail, created_at: now, next_try_at: now, tries: 0 }));
    await db.insertInto("outbox").values(requeued).execute();
    return mails.length;
  });
}

/** Deletes at most `limit` failed emails that are older than `before` or exceed `maxKept`; returns the number deleted. */
export async function sweep(store: Store, before: number, limit: number): Promise<number> {
  const newest = store.db.selectFrom("failed_mails").select("id").orderBy("id", "desc").offset(maxKept).limit(1);
  return deleteRows(
    store,
    "failed_mails",
    (row) => row.or([row("failed_at", "<", before), row("id", "<=", newest)]),
    limit,
  );
}
