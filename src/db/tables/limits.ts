import { type Kysely, type RawBuilder, sql } from "kysely";
import { skipLockedRows } from "../locks.ts";
import type { Schema } from "../schema.ts";
import { runInTransaction, type Store } from "../store.ts";

/** A limit for one subject, such as one account or one network. Windows are in milliseconds. */
export interface Limit {
  /** Identifies the limit and its subject. */
  readonly key: string;
  readonly maxAttempts: number;
  readonly window: number;
  readonly long?: LongWindow | undefined;
  /** True if the limit counts all attempts from a network, for any account. */
  readonly isNetwork?: boolean | undefined;
}

/** A longer window, measured from the same first attempt. It applies when more than `threshold` attempts count. */
interface LongWindow {
  readonly threshold: number;
  readonly window: number;
}

/** An attempt that counts in one limit. */
export interface CountedAttempt {
  readonly key: string;
  /** The end of the window; if the limit has a long window, the end of the short one. */
  readonly endsAt: number;
  /** The threshold of the long window, and the difference between both windows in milliseconds. */
  readonly long?: { readonly threshold: number; readonly extension: number };
}

/** Either the counted attempts, one per limit, or the time at which the reached limit ends. */
export type ReservationResult = { readonly attempts: readonly CountedAttempt[] } | LimitReached;

interface LimitReached {
  readonly reachedUntil: number;
  /** Set if one of the reached limits is for a network. */
  readonly byNetwork?: true;
}

/** The threshold of a limit without a long window. No count exceeds it, because the column is a 32-bit integer. */
const noThreshold = 2 ** 31 - 1;

/**
 * Counts an attempt in every limit, or in none if one of them is reached. A single statement checks and counts, so the limit
 * holds for concurrent attempts on any number of nodes.
 */
export async function reserve(store: Store, limits: readonly Limit[]): Promise<ReservationResult> {
  if (limits.length === 0) return { attempts: [] };
  const now = store.clock();
  const ordered = limits.toSorted(compareKeys);
  const reached = await findReached(store.db, ordered, now);
  if (reached) return reached;
  return runInTransaction<ReservationResult>(store, async ({ db }, rollback) => {
    const result = await countAttempts(db, ordered, now);
    if ("reachedUntil" in result) throw rollback(result);
    return result;
  });
}

/** Every statement locks its rows in this order, so that concurrent statements don't deadlock. */
function compareKeys(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : 1;
}

interface ReachedLimit {
  readonly limit: Limit;
  readonly endsAt: number;
}

/**
 * Returns a reached limit before any write lock is taken. This is only an optimization: `countAttempts` checks the limits again.
 */
async function findReached(
  db: Kysely<Schema>,
  limits: readonly Limit[],
  now: number,
): Promise<LimitReached | undefined> {
  const rows = await db
    .selectFrom("attempts")
    .select(["key", "count", "ends_at"])
    .where("key", "in", keysOf(limits))
    .where("ends_at", ">", now)
    .execute();
  const reached: ReachedLimit[] = [];
  for (const limit of limits) {
    const row = rows.find(({ key }) => key === limit.key);
    if (!row || row.count < limit.maxAttempts) continue;
    const latest = now + (limit.long && row.count > limit.long.threshold ? limit.long.window : limit.window);
    if (row.ends_at > latest) await shortenWindow(db, limit.key, latest);
    reached.push({ limit, endsAt: Math.min(row.ends_at, latest) });
  }
  return reached.length === 0 ? undefined : latestOf(reached);
}

function latestOf(reached: readonly ReachedLimit[]): LimitReached {
  const reachedUntil = Math.max(...reached.map(({ endsAt }) => endsAt));
  return reached.some(({ limit }) => limit.isNetwork) ? { reachedUntil, byNetwork: true } : { reachedUntil };
}

/**
 * Shortens a window to end at `latest`, the end of a window that begins now. Only a wrong clock begins a window that ends later.
 */
async function shortenWindow(db: Kysely<Schema>, key: string, latest: number): Promise<void> {
  await db
    .updateTable("attempts")
    .set({ ends_at: latest })
    .where("key", "=", key)
    .where("ends_at", ">", latest)
    .execute();
}

/** Counts an attempt under each key whose limit isn't reached. */
async function countAttempts(db: Kysely<Schema>, limits: readonly Limit[], now: number): Promise<ReservationResult> {
  const rows = limits.map(({ key, maxAttempts, window, long }) => ({
    key,
    endsAt: now + window,
    maxAttempts,
    threshold: long?.threshold ?? noThreshold,
    extension: long ? long.window - window : 0,
  }));
  const threshold = perKey(rows, "threshold");
  const extension = perKey(rows, "extension");
  const longEnd = sql`(excluded.ends_at + ${extension})`;
  const counted = await sql<Schema["attempts"]>`${upsert(rows, 1)}
    "count" = case when attempts.ends_at <= ${now} then 1 else attempts.count + 1 end,
    "ends_at" = case
      when attempts.ends_at <= ${now} then excluded.ends_at
      when attempts.count < ${threshold} then ${shortEnd}
      when attempts.count = ${threshold} then ${shortEnd} + ${extension}
      else case when attempts.ends_at > ${longEnd} then ${longEnd} else attempts.ends_at end end
    where ("attempts"."ends_at" <= ${now} or "attempts"."count" < ${perKey(rows, "maxAttempts")})
    returning "key", "count", "ends_at"`.execute(db);
  const attempts: CountedAttempt[] = [];
  const reached: Limit[] = [];
  for (const limit of limits) {
    const row = counted.rows.find(({ key }) => key === limit.key);
    if (row) attempts.push(toAttempt(limit, row.count, row.ends_at));
    else reached.push(limit);
  }
  return reached.length > 0 ? readReached(db, reached, now) : { attempts };
}

/** The end of the short window. It is earlier than the stored end if a wrong clock began the window. */
const shortEnd = sql`case when attempts.ends_at > excluded.ends_at then excluded.ends_at else attempts.ends_at end`;

/** Builds the beginning of an upsert. The upsert locks its rows in the order of its values. */
function upsert(rows: readonly { readonly key: string; readonly endsAt: number }[], count: 0 | 1): RawBuilder<unknown> {
  const values = rows.map(({ key, endsAt }) => sql`(${key}, ${count}, ${endsAt})`);
  return sql`insert into "attempts" ("key", "count", "ends_at") values ${sql.join(values)} on conflict ("key") do update set`;
}

/** Builds an SQL expression for a number that depends on the key of the updated row. */
function perKey<Name extends string>(
  rows: readonly ({ readonly key: string } & Readonly<Record<Name, number>>)[],
  name: Name,
): RawBuilder<number> {
  const cases = rows.map((row) => sql`when ${row.key} then cast(${row[name]} as bigint)`);
  return sql`(case excluded.key ${sql.join(cases, sql` `)} end)`;
}

async function readReached(db: Kysely<Schema>, reached: readonly Limit[], now: number): Promise<LimitReached> {
  const rows = await db.selectFrom("attempts").select(["key", "ends_at"]).where("key", "in", keysOf(reached)).execute();
  return latestOf(
    rows.flatMap(({ key, ends_at }) => {
      const limit = reached.find((each) => each.key === key) as Limit;
      return { limit, endsAt: Math.min(ends_at, now + (limit.long?.window ?? limit.window)) };
    }),
  );
}

function toAttempt({ key, long, window }: Limit, count: number, endsAt: number): CountedAttempt {
  if (!long) return { key, endsAt };
  const { threshold } = long;
  const extension = long.window - window;
  return { key, endsAt: count > threshold ? endsAt - extension : endsAt, long: { threshold, extension } };
}

function keysOf(rows: readonly { readonly key: string }[]): string[] {
  return rows.map(({ key }) => key);
}

/** Returns true if an attempt currently counts under any of these keys. */
export async function hasAttempts({ db, clock }: Store, keys: readonly string[]): Promise<boolean> {
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
 * Stops counting attempts, one per key, unless a new window has begun since. Deletes rows without attempts.
 *
 * @param clearedKeys keys whose attempts all stop counting
 */
export async function refund(
  store: Store,
  attempts: readonly CountedAttempt[],
  clearedKeys: readonly string[] = [],
): Promise<void> {
  if (attempts.length + clearedKeys.length === 0) return;
  await runInTransaction(store, (transaction) => refundInTransaction(transaction, attempts, clearedKeys));
}

/** Like `refund`, in the caller's transaction. */
export async function refundInTransaction(
  { db }: Store,
  attempts: readonly CountedAttempt[],
  clearedKeys: readonly string[],
): Promise<void> {
  if (attempts.length + clearedKeys.length === 0) return;
  const byKey = new Map<string, CountedAttempt>();
  for (const attempt of attempts) byKey.set(attempt.key, attempt);
  for (const key of clearedKeys) byKey.set(key, { key, endsAt: anyWindow });
  const ordered = [...byKey.values()].sort(compareKeys);
  await uncount(db, ordered);
  // The rows are still locked, so no attempt was counted in between.
  await db.deleteFrom("attempts").where("key", "in", keysOf(ordered)).where("count", "<=", 0).execute();
}

/** A value of `endsAt` that matches any window. */
const anyWindow = 0;
const isCleared = sql`excluded.ends_at = ${sql.lit(anyWindow)}`;

/** Stops counting attempts. Uses an upsert, because it locks rows in order. An inserted row has a count of 0. */
async function uncount(db: Kysely<Schema>, attempts: readonly CountedAttempt[]): Promise<void> {
  const rows = attempts.map(({ key, endsAt, long }) => ({
    key,
    endsAt,
    threshold: long?.threshold ?? noThreshold,
    extension: long?.extension ?? 0,
  }));
  const isLong = sql`attempts.ends_at = excluded.ends_at + ${perKey(rows, "extension")}`;
  await sql`${upsert(rows, 0)}
    "count" = case when ${isCleared} then 0 else attempts.count - 1 end,
    "ends_at" = case when ${isLong} and attempts.count - 1 <= ${perKey(rows, "threshold")} then excluded.ends_at
      else attempts.ends_at end
    where (${isCleared} or (attempts.count > 0 and (attempts.ends_at = excluded.ends_at or ${isLong})))`.execute(db);
}

/** Deletes at most `limit` rows whose window has ended; returns the number deleted. */
export async function sweep(store: Store, limit: number): Promise<number> {
  const { db, clock } = store;
  const now = clock();
  const ended = skipLockedRows(store, db.selectFrom("attempts").select("key").where("ends_at", "<=", now).limit(limit));
  const { numDeletedRows } = await db
    .deleteFrom("attempts")
    .where("key", "in", ended)
    .where("ends_at", "<=", now)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
