import { digest } from "../digest.ts";
import { selectEmail } from "../email-columns.ts";
import { skipLockedRows } from "../locks.ts";
import type { Store } from "../store.ts";

/** How long an act is remembered, in milliseconds. */
const remembered = 60_000;

/** What was done by a recent act: the account, if it still exists, or nulls. */
export interface ActResult {
  readonly userId: number | null;
  readonly email: string | null;
}

/** The target of an act, which counts as done for as long as its target exists. */
interface Target {
  readonly userId?: number;
  readonly verificationId?: number;
  /** The nonce that the id of the opened session is derived from. */
  readonly nonce?: string;
}

/**
 * Records an act, in the transaction that does it.
 *
 * @param names the names of the act; without any, nothing is recorded
 * @returns false if the first name was recorded within the last minute: then the act must not be done again
 */
export async function recordAct(
  { db, clock }: Store,
  names: readonly string[] | undefined,
  { userId, verificationId, nonce }: Target = {},
): Promise<boolean> {
  const now = clock();
  const values = { user_id: userId ?? null, verification_id: verificationId ?? null, nonce: nonce ?? null, at: now };
  for (const [i, name] of (names ?? []).entries()) {
    const recorded = await db
      .insertInto("acts")
      .values({ name: digest(name), ...values })
      .onConflict((conflict) =>
        conflict
          .column("name")
          .doUpdateSet(values)
          // A future time was written while a clock was wrong.
          .where((row) => row.or([row("acts.at", "<=", now - remembered), row("acts.at", ">", now + remembered)])),
      )
      .returning("name")
      .executeTakeFirst();
    if (i === 0 && recorded === undefined) return false;
  }
  return true;
}

/** Forgets an act whose result no longer exists. */
export async function forgetAct({ db }: Store, name: string): Promise<void> {
  await db.deleteFrom("acts").where("name", "=", digest(name)).execute();
}

/** Forgets the acts of a user, whose password has changed. */
export async function forgetActs({ db }: Store, userId: number): Promise<void> {
  await db.deleteFrom("acts").where("user_id", "=", userId).execute();
}

/** What the recent act with this name did, or null. */
export async function find(store: Store, name: string): Promise<ActResult | null> {
  const found = await just(store, name)
    .leftJoin("users", "users.id", "acts.user_id")
    .select(["acts.user_id as userId", selectEmail("users")])
    .executeTakeFirst();
  return found ? { userId: found.userId, email: found.userId === null ? null : found.email } : null;
}

/** The nonce of the session that the recent act with this name opened, or null. */
export async function nonceOf(store: Store, name: string): Promise<string | null> {
  return (await just(store, name).select("nonce").executeTakeFirst())?.nonce ?? null;
}

function just({ db, clock }: Store, name: string) {
  const now = clock();
  return db
    .selectFrom("acts")
    .where("acts.name", "=", digest(name))
    .where("acts.at", ">", now - remembered)
    .where("acts.at", "<=", now + remembered);
}

/** Deletes at most `limit` acts from before a time, or dated by a clock that was ahead; returns how many. */
export async function sweep(store: Store, before: number, limit: number): Promise<number> {
  const { db, clock } = store;
  const ahead = clock() + remembered;
  const old = skipLockedRows(
    store,
    db
      .selectFrom("acts")
      .select("name")
      .where((row) => row.or([row("at", "<", before), row("at", ">", ahead)]))
      .limit(limit),
  );
  const { numDeletedRows } = await db.deleteFrom("acts").where("name", "in", old).executeTakeFirst();
  return Number(numDeletedRows);
}
