import { sql } from "kysely";
import type { User } from "../../user.ts";
import { hour } from "../../values/durations.ts";
import { emailKey, isDeliverable } from "../../values/email.ts";
import { digest } from "../digest.ts";
import type { Store } from "../store.ts";
import { enqueue, type MailContent, type OutboxKind } from "./outbox.ts";

/** How long notices of one kind are gathered, in milliseconds. */
const window = hour;

/**
 * Kinds that report an event to the owner of an account, who did not ask for a mail; and how many of each are sent apart within
 * an hour. Each move is to another address, and asking for one is limited anyway.
 */
const maxSeparate = { moving: 5, password_changed: 1, new_device: 1 } as const satisfies Partial<
  Record<OutboxKind, number>
>;
export type NoticeKind = keyof typeof maxSeparate;

/** A notice to an account, wherever it is when the mail is sent, or to one address. */
export type NewNotice = MailContent & { readonly kind: NoticeKind } & Recipient;

type Recipient = { readonly userId: number } | { readonly email: string };

/**
 * Queues a notice, in the transaction that does what it reports. The first of its kind is due at once. Later ones within an hour
 * become one mail, due at the end of that hour, which says how many there were and describes the last: none is dropped.
 */
export async function enqueueNotice(store: Store, notice: NewNotice): Promise<void> {
  if ("email" in notice && !isDeliverable(notice.email)) return;
  const apart = maxSeparate[notice.kind];
  const key = keyOf(notice.kind, notice);
  const isApart = await countApart(store, key, apart);
  if ((apart === 1 || !isApart) && (await merge(store, notice))) return;
  await enqueue(store, notice, isApart ? store.clock() : await nextWindow(store, key));
}

/** Counts a notice that is sent apart; false if there were as many as may be within the hour. */
async function countApart({ db, clock }: Store, key: string, most: number): Promise<boolean> {
  const now = clock();
  const ends_at = now + window;
  // The hour is over, or ends later than the one after it: then a wrong clock began it.
  const hasEnded = sql`(attempts.ends_at <= ${now} or attempts.ends_at > ${now + 2 * window})`;
  const counted = await sql`insert into "attempts" ("key", "count", "ends_at") values (${key}, ${1}, ${ends_at})
    on conflict ("key") do update set
      "count" = case when ${hasEnded} then 1 else attempts.count + 1 end,
      "ends_at" = case when ${hasEnded} then ${ends_at} else attempts.ends_at end
    where (${hasEnded} or "attempts"."count" < ${most})
    returning "key"`.execute(db);
  return counted.rows.length > 0;
}

/** Begins the next hour with a notice that is due then, and returns when that is. */
async function nextWindow({ db }: Store, key: string): Promise<number> {
  const { ends_at } = await db
    .updateTable("attempts")
    .set({ ends_at: sql`"ends_at" + ${window}` })
    .where("key", "=", key)
    .returning("ends_at")
    .executeTakeFirstOrThrow();
  return ends_at - window;
}

/** Adds it to a notice that waits; false if there is none. */
async function merge({ db, clock }: Store, notice: NewNotice): Promise<boolean> {
  const ofKind = db.selectFrom("outbox").select("id").where("kind", "=", notice.kind);
  const waiting =
    "userId" in notice
      ? ofKind.where("user_id", "=", notice.userId)
      : ofKind.where("email", "=", emailKey(notice.email));
  // One that is being sent is merged into as well: `removeSent` keeps what was added.
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

function keyOf(kind: NoticeKind, to: Recipient): string {
  return `notice:${kind}:${digest("userId" in to ? `user ${to.userId}` : emailKey(to.email))}`;
}

/** The keys that the notices to an account are counted under. */
export function noticeKeys({ id, email }: Pick<User, "id" | "email">): string[] {
  const kinds = Object.keys(maxSeparate) as NoticeKind[];
  return kinds.flatMap((kind) => [keyOf(kind, { userId: id }), keyOf(kind, { email })]);
}
