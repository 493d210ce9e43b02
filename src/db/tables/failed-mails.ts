import type { User } from "../../user.ts";
import { skipLockedRows } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";
import { revoke as dropToken } from "./mailed-tokens.ts";
import { isMailForUser, type OutboxKind, type OutboxMail } from "./outbox.ts";

/** How many failed mails are kept: strangers can request mails to addresses that do not exist. */
const mostKept = 10_000;

/** A mail that will not be tried again. */
export interface FailedMail {
  readonly id: number;
  readonly kind: OutboxKind;
  readonly userId: number | null;
  readonly createdAt: number;
  readonly attempts: number;
  readonly failedAt: number;
  /** Why, without an address. */
  readonly reason: string | null;
}

const shown = [
  "id",
  "kind",
  "user_id as userId",
  "created_at as createdAt",
  "tries as attempts",
  "failed_at as failedAt",
  "reason",
] as const;

/** What a failed mail has in common with a waiting one. */
const shared = [
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

/** Mails about an account that is gone: a failed one keeps nothing that names it, and cannot be sent again. */
const deletions: readonly string[] = ["deleted", "deleted_by_operator"] satisfies OutboxKind[];
const nameless = { email: null, email_spelling: null, domain: null, device: null } as const;

/** Moves a mail from the outbox to the failed ones. A token that was in it ends: the mail did not arrive. */
export async function add(
  store: Store,
  { id }: Pick<OutboxMail, "id">,
  { reason, token }: { readonly reason: string | undefined; readonly token?: string | undefined },
): Promise<void> {
  await runInTransaction(store, async ({ db, clock }) => {
    const mail = await db
      .deleteFrom("outbox")
      .where("id", "=", id)
      .returning([...shared, "created_at", "tries"])
      .executeTakeFirst();
    if (!mail) return;
    await db
      .insertInto("failed_mails")
      .values({ ...mail, ...(deletions.includes(mail.kind) && nameless), failed_at: clock(), reason: reason ?? null })
      .execute();
    if (token !== undefined) await dropToken({ db }, token);
  });
}

/** The failed mails, the newest first. */
export async function list({ db }: Store, limit: number): Promise<FailedMail[]> {
  return (await db
    .selectFrom("failed_mails")
    .select(shown)
    .orderBy("id", "desc")
    .limit(limit)
    .execute()) as FailedMail[];
}

/** The failed mails to an account, its address or the one it moves to, the oldest first. */
export async function listForUser({ db }: Store, user: Pick<User, "id" | "email">): Promise<FailedMail[]> {
  const mails = db.selectFrom("failed_mails").select(shown).where(isMailForUser(user));
  return (await mails.orderBy("id").execute()) as FailedMail[];
}

/** How many mails have failed. */
export async function count({ db }: Store): Promise<number> {
  const { count } = await db
    .selectFrom("failed_mails")
    .select((row) => row.fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Has at most `limit` failed mails wait again, due now; returns how many. */
export async function retry(store: Store, limit: number): Promise<number> {
  return runInTransaction(store, async ({ db, clock }) => {
    const now = clock();
    const some = db
      .selectFrom("failed_mails")
      .select("id")
      .where("kind", "not in", deletions)
      .orderBy("id")
      .limit(limit);
    const mails = await db
      .deleteFrom("failed_mails")
      .where("id", "in", some)
      .returning([...shared])
      .execute();
    if (mails.length === 0) return 0;
    const again = mails.map((mail) => ({ ...mail, created_at: now, next_try_at: now, tries: 0 }));
    await db.insertInto("outbox").values(again).execute();
    return mails.length;
  });
}

/** Deletes at most `limit` that failed before a time, or beyond the number that is kept; returns how many. */
export async function sweep(store: Store, before: number, limit: number): Promise<number> {
  const { db } = store;
  const newest = db.selectFrom("failed_mails").select("id").orderBy("id", "desc").offset(mostKept).limit(1);
  const old = skipLockedRows(
    store,
    db
      .selectFrom("failed_mails")
      .select("id")
      .where((mail) => mail.or([mail("failed_at", "<", before), mail("id", "<=", newest)]))
      .limit(limit),
  );
  const { numDeletedRows } = await db.deleteFrom("failed_mails").where("id", "in", old).executeTakeFirst();
  return Number(numDeletedRows);
}
