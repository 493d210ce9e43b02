import type { Kysely } from "kysely";
import type { Settings } from "../settings/settings.ts";
import type { Engine } from "./engine.ts";
import type { Schema } from "./schema.ts";

/** How long rows live, in milliseconds. */
export type LifetimeSettings = Pick<
  Settings,
  "SESSION_LIFETIME" | "SESSION_IDLE" | "RESET_TOKEN_LIFETIME" | "VERIFY_TOKEN_LIFETIME"
>;

/** What the statements work with. Inside a transaction, `db` is the transaction. */
export interface Store {
  readonly db: Kysely<Schema>;
  readonly engine: Engine;
  readonly lifetimes: LifetimeSettings;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Thrown to roll a transaction back: nothing of it stays, and a token that it took stays valid. */
class Rollback extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super("rolled back");
    this.result = result;
  }
}

/** How often a transaction that met another one is tried. */
const tries = 5;

/** Thrown if a transaction could not lock a row in the common order: it is tried again. */
export class LockOrderConflict extends Error {}

/** How often a transaction is tried if a statement takes too long: its caller waits meanwhile. */
const triesAfterTimeout = 2;

/**
 * Does all of the work or nothing of it, and does it again when it failed only because of another transaction, or once more when
 * a statement took too long. Nothing but SQL may be awaited in it. It locks rows in the order that `locks.ts` describes.
 *
 * @param work gets the store of the transaction, and a function that makes what it can throw to roll the transaction back
 * @returns what the work returns, or what it rolled back with
 */
export async function runInTransaction<T>(
  store: Store,
  work: (transaction: Store, rollback: (result: T) => Error) => Promise<T>,
): Promise<T> {
  const { db, engine } = store;
  for (let attempt = 1; ; attempt++) {
    let isCommitting = false;
    try {
      return await db.transaction().execute(async (transaction) => {
        const result = await work({ ...store, db: transaction }, (outcome) => new Rollback(outcome));
        isCommitting = true;
        return result;
      });
    } catch (error) {
      if (error instanceof Rollback) return error.result as T;
      // A commit that timed out may have succeeded.
      const isTimeout = !isCommitting && engine.isTimeout(error);
      const isConflict = error instanceof LockOrderConflict || engine.isConflict(error);
      if (!(isTimeout || isConflict) || attempt >= (isTimeout ? triesAfterTimeout : tries)) throw error;
    }
  }
}
