import { type Kysely, sql } from "kysely";
import type { Schema } from "./schema.ts";
import { atomically, type Store } from "./store.ts";

/** One thing that is limited: whose tries they are, how many there may be, and for how long they count in milliseconds. */
export interface Limit {
  readonly key: string;
  readonly tries: number;
  readonly window: number;
}

/** A try that was counted. */
export interface Slot {
  readonly key: string;
  readonly endsAt: number;
}

/** Either a slot in each of the limits, or when the one that refused counts anew. */
export type Taking = { readonly slots: readonly Slot[] } | { readonly refusedUntil: number };

class Refused extends Error {
  readonly until: number;

  constructor(until: number) {
    super("a limit is reached");
    this.until = until;
  }
}

/**
 * Takes a slot in each limit, or in none. Each is one statement that counts and decides, so that of any number of tries at
 * once, on any number of nodes, exactly the allowed ones pass.
 */
export async function takeSlots(store: Store, limits: readonly Limit[]): Promise<Taking> {
  const now = store.clock();
  const full = await fullLimit(store.db, limits, now);
  if (full) return { refusedUntil: full };
  // In one order for everyone: two takers never wait for each other.
  const ordered = limits.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  try {
    const slots = await atomically(store, async ({ db }) => {
      const taken: Slot[] = [];
      for (const limit of ordered) taken.push(await takeSlot(db, limit, now));
      return taken;
    });
    return { slots };
  } catch (error) {
    if (error instanceof Refused) return { refusedUntil: error.until };
    throw error;
  }
}

/** Only saves a lock: a flood of refused tries keeps no other try waiting. Those that pass are decided on afterwards. */
async function fullLimit(db: Kysely<Schema>, limits: readonly Limit[], now: number): Promise<number | undefined> {
  const full = await db
    .selectFrom("attempts")
    .select(["key", "ends_at"])
    .where((row) => row.or(limits.map(({ key, tries }) => row.and([row("key", "=", key), row("count", ">=", tries)]))))
    .where("ends_at", ">", now)
    .execute();
  const ends = full.map(async ({ key, ends_at }) => {
    const latest = now + (limits.find((limit) => limit.key === key)?.window ?? 0);
    if (ends_at <= latest) return ends_at;
    await endBy(db, key, latest);
    return latest;
  });
  return full.length === 0 ? undefined : Math.max(...(await Promise.all(ends)));
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

async function takeSlot(db: Kysely<Schema>, { key, tries, window }: Limit, now: number): Promise<Slot> {
  const latest = now + window;
  const taken = await db
    .insertInto("attempts")
    .values({ key, count: 1, ends_at: latest })
    .onConflict((conflict) =>
      conflict
        .column("key")
        .doUpdateSet({
          count: sql<number>`case when attempts.ends_at <= ${now} then 1 else attempts.count + 1 end`,
          ends_at: sql<number>`case when attempts.ends_at <= ${now} or attempts.ends_at > ${latest} then excluded.ends_at else attempts.ends_at end`,
        })
        .where((row) => row.or([row("attempts.ends_at", "<=", now), row("attempts.count", "<", tries)])),
    )
    .returning("ends_at")
    .executeTakeFirst();
  if (taken) return { key, endsAt: taken.ends_at };
  const { ends_at } = await db
    .selectFrom("attempts")
    .select("ends_at")
    .where("key", "=", key)
    .executeTakeFirstOrThrow();
  throw new Refused(Math.min(ends_at, latest));
}

/** Gives slots back, unless counting has begun anew since; `forget` are counted from nothing again. */
export async function giveBackSlots(store: Store, slots: readonly Slot[], forget: readonly string[]): Promise<void> {
  if (slots.length + forget.length === 0) return;
  await atomically(store, async ({ db }) => {
    for (const { key, endsAt } of slots) {
      await db
        .updateTable("attempts")
        .set((row) => ({ count: row("count", "-", 1) }))
        .where("key", "=", key)
        .where("ends_at", "=", endsAt)
        .where("count", ">", 0)
        .execute();
    }
    if (forget.length > 0) await db.deleteFrom("attempts").where("key", "in", forget).execute();
  });
}

/** Deletes at most `limit` of those that count no more; returns how many. */
export async function sweepAttempts({ db, clock }: Store, limit: number): Promise<number> {
  const now = clock();
  const ended = db.selectFrom("attempts").select("key").where("ends_at", "<=", now).limit(limit);
  const { numDeletedRows } = await db
    .deleteFrom("attempts")
    .where("key", "in", ended)
    .where("ends_at", "<=", now)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
