import { sql } from "kysely";
import type { User } from "../../user.ts";
import { emailKey, isMailable } from "../../values/email.ts";
import { digest } from "../digest.ts";
import type { Store } from "../store.ts";
import { enqueue, type Notice, type OutboxKind } from "./outbox.ts";

/** How long notices of one kind are gathered, in milliseconds. */
const window = 60 * 60_000;

/**
 * Kinds that report an event to the owner of an account, who did not ask for a mail; and how many of each are sent apart within
 * an hour. Each move is to another address, and asking for one is limited anyway.
 */
const sentApart = { moving: 5, password_changed: 1, new_device: 1 } as const satisfies Partial<
  Record<OutboxKind, number>
>;
export type NoticeKind = keyof typeof sentApart;

/** A notice to an account, wherever it is when the mail is sent, or to one address. */
export type NewNotice = Notice & { readonly kind: NoticeKind } & Recipient;

type Recipient = { readonly userId: number } | { readonly email: string };

/**
 * Queues a notice, in the transaction that does what it reports. The first of its kind is due at once. Later ones within an hour
 * become one mail, due at the end of that hour, which says how many there were and describes the last: none is dropped.
 */
export async function enqueueNotice(store: Store, notice: NewNotice): Promise<void> {
  if ("email" in notice && !isMailable(notice.email)) return;
  const apart = sentApart[notice.kind];
  const key = keyOf(notice.kind, notice);
  const isApart = await countApart(store, key, apart);
  if ((apart === 1 || !isApart) && (await merge(store, notice))) return;
  await enqueue(store, notice, isApart ? store.clock() : await nextWindow(store, key));
}

/** Counts a notice that is sent apart; false if there were as many as may be within the hour. */
async function countApart({ db, clock }: Store, key: string, most: number): Promise<boolean> {
  const now = clock();
  const ends_at = now + window;
  const counted = await db
    .insertInto("attempts")
    .values({ key, count: 1, ends_at })
    .onConflict((conflict) =>
      conflict
        .column("key")
        .doUpdateSet({
          count: sql<number>`case when ${hasEnded(now)} then 1 else attempts.count + 1 end`,
          ends_at: sql<number>`case when ${hasEnded(now)} then ${ends_at} else attempts.ends_at end`,
        })
        .where((row) => row.or([hasEnded(now), row("attempts.count", "<", most)])),
    )
    .returning("key")
    .executeTakeFirst();
  return counted !== undefined;
}

/** Whether the hour is over, or ends later than the one after it: then a wrong clock began it. */
function hasEnded(now: number) {
  return sql<boolean>`(attempts.ends_at <= ${now} or attempts.ends_at > ${now + 2 * window})`;
}

/** Begins the next hour with a notice that is due then, and returns when that is. */
async function nextWindow({ db }: Store, key: string): Promise<number> {
  const { ends_at } = await db
    .updateTable("attempts")
    .set((row) => ({ ends_at: row("ends_at", "+", window) }))
    .where("key", "=", key)
    .returning("ends_at")
    .executeTakeFirstOrThrow();
  return ends_at - window;
}

/** Adds it to a notice that waits; false if there is none. */
async function merge({ db, clock }: Store, notice: NewNotice): Promise<boolean> {
  const waiting = db
    .selectFrom("outbox")
    .select("id")
    .where("kind", "=", notice.kind)
    .$if("userId" in notice, (query) => query.where("user_id", "=", (notice as { userId: number }).userId))
    .$if("email" in notice, (query) => query.where("email", "=", emailKey((notice as { email: string }).email)))
    .orderBy("id", "desc")
    .limit(1);
  // One that is being sent is merged into as well: `removeSent` keeps what was added.
  const { numUpdatedRows } = await db
    .updateTable("outbox")
    .set((row) => ({
      times: row("times", "+", 1),
      created_at: clock(),
      language: notice.language,
      device: notice.device ?? null,
    }))
    .where("id", "in", waiting)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

function keyOf(kind: NoticeKind, to: Recipient): string {
  return `notice:${kind}:${digest("userId" in to ? `user ${to.userId}` : emailKey(to.email))}`;
}

/** The keys that the notices to an account are counted under. */
export function noticeKeys({ id, email }: Pick<User, "id" | "email">): string[] {
  const kinds = Object.keys(sentApart) as NoticeKind[];
  return kinds.flatMap((kind) => [keyOf(kind, { userId: id }), keyOf(kind, { email })]);
}
