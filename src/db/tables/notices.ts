import { sql } from "kysely";
import type { User } from "../../user.ts";
import { hour } from "../../values/durations.ts";
import { emailKey, isDeliverable } from "../../values/email.ts";
import { digest } from "../digest.ts";
import type { Store } from "../store.ts";
import { enqueue, type MailContent, type OutboxKind } from "./outbox.ts";

/** How long notices of one kind are collected, in milliseconds. */
const window = hour;

/**
 * The kinds of notices, and the maximum number of each that is sent separately within an hour. A notice reports an event to a
 * user who did not request an email. The maximum for email changes is higher, because each of them can be to a different address.
 */
const maxSeparate = { moving: 5, password_changed: 1, new_device: 1 } as const satisfies Partial<
  Record<OutboxKind, number>
>;
export type NoticeKind = keyof typeof maxSeparate;

/** A notice to an account or to a fixed address. The address of an account is looked up when the email is sent. */
export type NewNotice = MailContent & { readonly kind: NoticeKind } & Recipient;

type Recipient = { readonly userId: number } | { readonly email: string };

/**
 * Queues a notice, in the transaction of the event that it reports. The first notices of a kind, up to `maxSeparate`, are due
 * immediately. Later ones within an hour are merged into one email. It is due at the end of that hour, states the number of
 * events and describes the last.
 */
export async function enqueueNotice(store: Store, notice: NewNotice): Promise<void> {
  if ("email" in notice && !isDeliverable(notice.email)) return;
  const max = maxSeparate[notice.kind];
  const key = toKey(notice.kind, notice);
  const isSeparate = await countSeparate(store, key, max);
  if ((max === 1 || !isSeparate) && (await mergeIntoWaiting(store, notice))) return;
  await enqueue(store, notice, isSeparate ? store.clock() : await beginNextWindow(store, key));
}

/** Counts a notice that is sent separately; returns false if the maximum within the hour is reached. */
async function countSeparate({ db, clock }: Store, key: string, max: number): Promise<boolean> {
  const now = clock();
  const ends_at = now + window;
  // If a window ends more than two hours from now, a wrong clock began it.
  const hasEnded = sql`(attempts.ends_at <= ${now} or attempts.ends_at > ${now + 2 * window})`;
  const counted = await sql`insert into "attempts" ("key", "count", "ends_at") values (${key}, ${1}, ${ends_at})
    on conflict ("key") do update set
      "count" = case when ${hasEnded} then 1 else attempts.count + 1 end,
      "ends_at" = case when ${hasEnded} then ${ends_at} else attempts.ends_at end
    where (${hasEnded} or "attempts"."count" < ${max})
    returning "key"`.execute(db);
  return counted.rows.length > 0;
}

/** Extends the window by an hour, and returns when that hour begins: the due time of the merged notice. */
async function beginNextWindow({ db }: Store, key: string): Promise<number> {
  const { ends_at } = await db
    .updateTable("attempts")
    .set({ ends_at: sql`"ends_at" + ${window}` })
    .where("key", "=", key)
    .returning("ends_at")
    .executeTakeFirstOrThrow();
  return ends_at - window;
}

/** Merges a notice into the newest queued one of the same kind and recipient; returns false if there is none. */
async function mergeIntoWaiting({ db, clock }: Store, notice: NewNotice): Promise<boolean> {
  const ofKind = db.selectFrom("outbox").select("id").where("kind", "=", notice.kind);
  const waiting =
    "userId" in notice
      ? ofKind.where("user_id", "=", notice.userId)
      : ofKind.where("email", "=", emailKey(notice.email));
  // A notice that is being sent is a valid target, because `removeSent` keeps events that were added since the notice was
  // claimed.
  const { numUpdatedRows } = await db
    .updateTable("outbox")
    .set({
      times: sql`"times" + ${1}`,
      created_at: clock(),
      language: notice.language,
      device: notice.device ?? null,
    })
    .where("id", "in", waiting.orderBy("id", "desc").limit(1))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

function toKey(kind: NoticeKind, to: Recipient): string {
  return `notice:${kind}:${digest("userId" in to ? `user ${to.userId}` : emailKey(to.email))}`;
}

/** Returns the keys under which the notices to an account are counted. */
export function getNoticeKeys({ id, email }: Pick<User, "id" | "email">): string[] {
  const kinds = Object.keys(maxSeparate) as NoticeKind[];
  return kinds.flatMap((kind) => [toKey(kind, { userId: id }), toKey(kind, { email })]);
}
