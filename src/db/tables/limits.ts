import { type Kysely, type RawBuilder, sql } from "kysely";
import { skipLocked } from "../locks.ts";
import type { Schema } from "../schema.ts";
import { atomically, type Store } from "../store.ts";

/** One thing that is limited: whose tries they are, how many there may be, and for how long they count in milliseconds. */
export interface Limit {
  readonly key: string;
  readonly tries: number;
  readonly window: number;
  /** A longer window, from the same first try on, once more than `past` tries count. */
  readonly long?: LongWindow | undefined;
  /** Whether it counts everyone in a network, whatever account they try. */
  readonly isNetwork?: boolean | undefined;
}

interface LongWindow {
  readonly past: number;
  readonly window: number;
}

/** A try that was counted. */
export interface Slot {
  readonly key: string;
  /** When the window ends, unless the limit's longer window begins. */
  readonly endsAt: number;
  /** How many attempts the shorter window is for, and how much longer the other one is, in milliseconds. */
  readonly long?: { readonly past: number; readonly extension: number };
}

/** Either a slot in each of the limits, or when the last of those that refused counts anew. */
export type Taking = { readonly slots: readonly Slot[] } | Refusal;

interface Refusal {
  readonly refusedUntil: number;
  /** Present if a network's limit is among those that refused. */
  readonly byNetwork?: true;
}

/** The `past` of a limit without a longer window: more attempts than any limit counts. */
const never = 2 ** 31 - 1;

/**
 * Takes a slot in each limit, or in none. One statement counts and decides, so that of any number of tries at once, on any
 * number of nodes, exactly the allowed ones pass.
 */
export async function take(store: Store, limits: readonly Limit[]): Promise<Taking> {
  if (limits.length === 0) return { slots: [] };
  const now = store.clock();
  const ordered = inLockOrder(limits);
  const refusal = await refusalOf(store.db, ordered, now);
  if (refusal) return refusal;
  return atomically<Taking>(store, async ({ db }, rollback) => {
    const counted = await count(db, ordered, now);
    if ("refusedUntil" in counted) throw rollback(counted);
    return counted;
  });
}

/** All statements lock their rows in this order, so that simultaneous ones do not deadlock. */
function inLockOrder<T extends { readonly key: string }>(rows: readonly T[]): T[] {
  return rows.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** Optimization: refuses without a write lock. `count` still decides. */
async function refusalOf(db: Kysely<Schema>, limits: readonly Limit[], now: number): Promise<Refusal | undefined> {
  const counted = await db
    .selectFrom("attempts")
    .select(["key", "count", "ends_at"])
    .where("key", "in", keysOf(limits))
    .where("ends_at", ">", now)
    .execute();
  const full = limits.flatMap((limit) => {
    const row = counted.find(({ key, count }) => key === limit.key && count >= limit.tries);
    if (!row) return [];
    const latest = now + (limit.long && row.count > limit.long.past ? limit.long.window : limit.window);
    return [{ limit, latest, endsAt: row.ends_at }];
  });
  for (const { limit, latest, endsAt } of full) if (endsAt > latest) await endBy(db, limit.key, latest);
  return full.length === 0
    ? undefined
    : refusal(full.map((row) => ({ ...row, endsAt: Math.min(row.endsAt, row.latest) })));
}

function refusal(full: readonly { limit: Limit; endsAt: number }[]): Refusal {
  const refusedUntil = Math.max(...full.map(({ endsAt }) => endsAt));
  return full.some(({ limit }) => limit.isNetwork) ? { refusedUntil, byNetwork: true } : { refusedUntil };
}

/** Shortens a window that ends later than one that begins now: a wrong clock began it. */
async function endBy(db: Kysely<Schema>, key: string, latest: number): Promise<void> {
  await db
    .updateTable("attempts")
    .set({ ends_at: latest })
    .where("key", "=", key)
    .where("ends_at", ">", latest)
    .execute();
}

/** Counts a try under each key that has room; a refusal if one has none. */
async function count(db: Kysely<Schema>, limits: readonly Limit[], now: number): Promise<Taking> {
  const past = perKey(limits, ({ long }) => long?.past ?? never);
  const extension = perKey(limits, ({ long, window }) => (long ? long.window - window : 0));
  const endsBy = (latest: RawBuilder<number>) =>
    sql`case when attempts.ends_at > ${latest} then ${latest} else attempts.ends_at end`;
  const short = sql<number>`excluded.ends_at`;
  const counted = await db
    .insertInto("attempts")
    .values(limits.map(({ key, window }) => ({ key, count: 1, ends_at: now + window })))
    .onConflict((conflict) =>
      conflict
        .column("key")
        .doUpdateSet({
          count: sql<number>`case when attempts.ends_at <= ${now} then 1 else attempts.count + 1 end`,
          ends_at: sql<number>`case
            when attempts.ends_at <= ${now} then excluded.ends_at
            when attempts.count < ${past} then ${endsBy(short)}
            when attempts.count = ${past} then ${endsBy(short)} + ${extension}
            else ${endsBy(sql<number>`(excluded.ends_at + ${extension})`)} end`,
        })
        .where((row) =>
          row.or([
            row("attempts.ends_at", "<=", now),
            row(
              "attempts.count",
              "<",
              perKey(limits, ({ tries }) => tries),
            ),
          ]),
        ),
    )
    .returning(["key", "count", "ends_at"])
    .execute();
  const full = limits.filter((limit) => !counted.some(({ key }) => key === limit.key));
  if (full.length > 0) return refusalIn(db, full, now);
  return { slots: limits.map((limit) => slotOf(limit, counted.find(({ key }) => key === limit.key) as Counted)) };
}

interface Counted {
  readonly key: string;
  readonly count: number;
  readonly ends_at: number;
}

/** A number for the key of the row that the statement counts. */
function perKey<T extends { readonly key: string }>(rows: readonly T[], of: (row: T) => number): RawBuilder<number> {
  const cases = rows.map((row) => sql`when ${row.key} then cast(${of(row)} as bigint)`);
  return sql`(case excluded.key ${sql.join(cases, sql` `)} end)`;
}

async function refusalIn(db: Kysely<Schema>, full: readonly Limit[], now: number): Promise<Refusal> {
  const rows = await db.selectFrom("attempts").select(["key", "ends_at"]).where("key", "in", keysOf(full)).execute();
  return refusal(
    rows.flatMap(({ key, ends_at }) => {
      const limit = full.find((each) => each.key === key) as Limit;
      return { limit, endsAt: Math.min(ends_at, now + (limit.long?.window ?? limit.window)) };
    }),
  );
}

function slotOf({ key, long, window }: Limit, { count, ends_at }: Counted): Slot {
  if (!long) return { key, endsAt: ends_at };
  const extension = long.window - window;
  const endsAt = count > long.past ? ends_at - extension : ends_at;
  return { key, endsAt, long: { past: long.past, extension } };
}

function keysOf(rows: readonly { readonly key: string }[]): string[] {
  return rows.map(({ key }) => key);
}

/** Whether any attempt counts now under one of these keys. */
export async function areCounted({ db, clock }: Store, keys: readonly string[]): Promise<boolean> {
  const counted = await db
    .selectFrom("attempts")
    .select("key")
    .where("key", "in", keys)
    .where("count", ">", 0)
    .where("ends_at", ">", clock())
    .limit(1)
    .executeTakeFirst();
  return counted !== undefined;
}

/**
 * Gives slots back, one of a key at most, unless counting has begun anew since; the tries under the keys in `forget` count no
 * more. A row that then counts nothing is deleted.
 */
export async function giveBack(store: Store, slots: readonly Slot[], forget: readonly string[] = []): Promise<void> {
  if (slots.length + forget.length === 0) return;
  await atomically(store, (transaction) => giveBackIn(transaction, slots, forget));
}

/** Like `giveBack`, in a transaction that does more. */
export async function giveBackIn({ db }: Store, slots: readonly Slot[], forget: readonly string[]): Promise<void> {
  if (slots.length + forget.length === 0) return;
  const given = new Map<string, Slot>(slots.map((slot) => [slot.key, slot]));
  for (const key of forget) given.set(key, { key, endsAt: forgotten });
  const ordered = inLockOrder([...given.values()]);
  await uncount(db, ordered);
  // Their rows are locked: nothing was counted in between.
  await db.deleteFrom("attempts").where("key", "in", keysOf(ordered)).where("count", "<=", 0).execute();
}

/** Stands for the end of whatever is counted under a key. */
const forgotten = 0;

/** An upsert, because it locks its rows in the order of its values; a row that it inserts counts nothing. */
async function uncount(db: Kysely<Schema>, slots: readonly Slot[]): Promise<void> {
  const past = perKey(slots, ({ long }) => long?.past ?? never);
  const extension = perKey(slots, ({ long }) => long?.extension ?? 0);
  const isForgotten = sql<boolean>`excluded.ends_at = ${sql.lit(forgotten)}`;
  const isLong = sql<boolean>`attempts.ends_at = excluded.ends_at + ${extension}`;
  await db
    .insertInto("attempts")
    .values(slots.map(({ key, endsAt }) => ({ key, count: 0, ends_at: endsAt })))
    .onConflict((conflict) =>
      conflict
        .column("key")
        .doUpdateSet({
          count: sql<number>`case when ${isForgotten} then 0 else attempts.count - 1 end`,
          ends_at: sql<number>`case when ${isLong} and attempts.count - 1 <= ${past} then excluded.ends_at
            else attempts.ends_at end`,
        })
        .where(
          sql<boolean>`(${isForgotten} or (attempts.count > 0 and (attempts.ends_at = excluded.ends_at or ${isLong})))`,
        ),
    )
    .execute();
}

/** Deletes at most `limit` of those that count no more; returns how many. */
export async function sweep(store: Store, limit: number): Promise<number> {
  const { db, clock } = store;
  const now = clock();
  const ended = skipLocked(store, db.selectFrom("attempts").select("key").where("ends_at", "<=", now).limit(limit));
  const { numDeletedRows } = await db
    .deleteFrom("attempts")
    .where("key", "in", ended)
    .where("ends_at", "<=", now)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
