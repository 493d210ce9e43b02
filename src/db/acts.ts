import { digest } from "./digest.ts";
import { spelledEmail } from "./spellings.ts";
import type { Store } from "./store.ts";

/** How long it is known that something was just done, in milliseconds. */
const remembered = 60_000;

/** What was just done under a name that only the browser that did it can make, to an account that is there still, or to none. */
export interface Done {
  readonly userId: number | null;
  readonly email: string | null;
}

/** What an act is done to: it counts as done for as long as that is there. */
interface Target {
  readonly userId?: number;
  readonly verificationId?: number;
  /** What the session that it opens is made of. */
  readonly nonce?: string;
}

/**
 * Records, in the transaction that does it, that something is done.
 *
 * @param names it may have several; none are recorded where nobody can send it again
 * @returns false when it was just done already, under the first of its names: then it must not be done once more
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
          // One from the future is of a clock that was wrong.
          .where((row) => row.or([row("acts.at", "<=", now - remembered), row("acts.at", ">", now + remembered)])),
      )
      .returning("name")
      .executeTakeFirst();
    if (i === 0 && recorded === undefined) return false;
  }
  return true;
}

/** Has an act not count as just done: what it did is no more. */
export async function forgetAct({ db }: Store, name: string): Promise<void> {
  await db.deleteFrom("acts").where("name", "=", digest(name)).execute();
}

/** Has nothing count as just done to a user: their password is another now. */
export async function forgetActs({ db }: Store, userId: number): Promise<void> {
  await db.deleteFrom("acts").where("user_id", "=", userId).execute();
}

/** What was just done under a name, or null. */
export async function findAct(store: Store, name: string): Promise<Done | null> {
  const found = await just(store, name)
    .leftJoin("users", "users.id", "acts.user_id")
    .select(["acts.user_id as userId", spelledEmail("users")])
    .executeTakeFirst();
  return found ? { userId: found.userId, email: found.userId === null ? null : found.email } : null;
}

/** What the session was made of that was just opened under a name; or null. */
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

/** Forgets at most `limit` acts from before a time, and of a clock that was ahead; returns how many. */
export async function sweepActs({ db, clock }: Store, before: number, limit: number): Promise<number> {
  const ahead = clock() + remembered;
  const old = db
    .selectFrom("acts")
    .select("name")
    .where((row) => row.or([row("at", "<", before), row("at", ">", ahead)]))
    .limit(limit);
  const { numDeletedRows } = await db.deleteFrom("acts").where("name", "in", old).executeTakeFirst();
  return Number(numDeletedRows);
}
