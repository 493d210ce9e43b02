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
  const ordered = limits.toSorted(inLockOrder);
  const refusal = await refusalOf(store.db, ordered, now);
  if (refusal) return refusal;
  return atomically<Taking>(store, async ({ db }, rollback) => {
    const counted = await count(db, ordered, now);
    if ("refusedUntil" in counted) throw rollback(counted);
    return counted;
  });
}

/** All statements lock their rows in this order, so that simultaneous ones do not deadlock. */
function inLockOrder(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : 1;
}

/** A limit that is reached, and when its window ends. */
interface Full {
  readonly limit: Limit;
  readonly endsAt: number;
}

/** Optimization: refuses without a write lock. `count` still decides. */
async function refusalOf(db: Kysely<Schema>, limits: readonly Limit[], now: number): Promise<Refusal | undefined> {
  const counted = await db
    .selectFrom("attempts")
    .select(["key", "count", "ends_at"])
    .where("key", "in", keysOf(limits))
    .where("ends_at", ">", now)
    .execute();
  const full: Full[] = [];
  for (const limit of limits) {
    const row = counted.find(({ key }) => key === limit.key);
    if (!row || row.count < limit.tries) continue;
    const latest = now + (limit.long && row.count > limit.long.past ? limit.long.window : limit.window);
    if (row.ends_at > latest) await endBy(db, limit.key, latest);
    full.push({ limit, endsAt: Math.min(row.ends_at, latest) });
  }
  return full.length === 0 ? undefined : refusal(full);
}

function refusal(full: readonly Full[]): Refusal {
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
  const rows = limits.map(({ key, tries, window, long }) => ({
    key,
    endsAt: now + window,
    tries,
    past: long?.past ?? never,
    extension: long ? long.window - window : 0,
  }));
  const past = perKey(rows, "past");
  const extension = perKey(rows, "extension");
  const longEnd = sql`(excluded.ends_at + ${extension})`;
  const counted = await sql<Schema["attempts"]>`${upsert(rows, 1)}
    "count" = case when attempts.ends_at <= ${now} then 1 else attempts.count + 1 end,
    "ends_at" = case
      when attempts.ends_at <= ${now} then excluded.ends_at
      when attempts.count < ${past} then ${shortEnd}
      when attempts.count = ${past} then ${shortEnd} + ${extension}
      else case when attempts.ends_at > ${longEnd} then ${longEnd} else attempts.ends_at end end
    where ("attempts"."ends_at" <= ${now} or "attempts"."count" < ${perKey(rows, "tries")})
    returning "key", "count", "ends_at"`.execute(db);
  const slots: Slot[] = [];
  const full: Limit[] = [];
  for (const limit of limits) {
    const row = counted.rows.find(({ key }) => key === limit.key);
    if (row) slots.push(slotOf(limit, row.count, row.ends_at));
    else full.push(limit);
  }
  return full.length > 0 ? refusalIn(db, full, now) : { slots };
}

/** The end of the shorter window; earlier than before if a wrong clock began it. */
const shortEnd = sql`case when attempts.ends_at > excluded.ends_at then excluded.ends_at else attempts.ends_at end`;

/** The beginning of an upsert, which locks its rows in the order of its values. */
function upsert(rows: readonly { readonly key: string; readonly endsAt: number }[], count: 0 | 1): RawBuilder<unknown> {
  const values = rows.map(({ key, endsAt }) => sql`(${key}, ${count}, ${endsAt})`);
  return sql`insert into "attempts" ("key", "count", "ends_at") values ${sql.join(values)} on conflict ("key") do update set`;
}

/** A number for the key of the row that the statement counts. */
function perKey<Name extends string>(
  rows: readonly ({ readonly key: string } & Readonly<Record<Name, number>>)[],
  name: Name,
): RawBuilder<number> {
  const cases = rows.map((row) => sql`when ${row.key} then cast(${row[name]} as bigint)`);
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

function slotOf({ key, long, window }: Limit, count: number, endsAt: number): Slot {
  if (!long) return { key, endsAt };
  const extension = long.window - window;
  return { key, endsAt: count > long.past ? endsAt - extension : endsAt, long: { past: long.past, extension } };
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
  const given = new Map<string, Slot>();
  for (const slot of slots) given.set(slot.key, slot);
  for (const key of forget) given.set(key, { key, endsAt: forgotten });
  const ordered = [...given.values()].sort(inLockOrder);
  await uncount(db, ordered);
  // Their rows are locked: nothing was counted in between.
  await db.deleteFrom("attempts").where("key", "in", keysOf(ordered)).where("count", "<=", 0).execute();
}

/** Stands for the end of whatever is counted under a key. */
const forgotten = 0;
const isForgotten = sql`excluded.ends_at = ${sql.lit(forgotten)}`;

/** An upsert, because it locks its rows in order; a row that it inserts counts nothing. */
async function uncount(db: Kysely<Schema>, slots: readonly Slot[]): Promise<void> {
  const rows = slots.map(({ key, endsAt, long }) => ({
    key,
    endsAt,
    past: long?.past ?? never,
    extension: long?.extension ?? 0,
  }));
  const isLong = sql`attempts.ends_at = excluded.ends_at + ${perKey(rows, "extension")}`;
  await sql`${upsert(rows, 0)}
    "count" = case when ${isForgotten} then 0 else attempts.count - 1 end,
    "ends_at" = case when ${isLong} and attempts.count - 1 <= ${perKey(rows, "past")} then excluded.ends_at
      else attempts.ends_at end
    where (${isForgotten} or (attempts.count > 0 and (attempts.ends_at = excluded.ends_at or ${isLong})))`.execute(db);
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
