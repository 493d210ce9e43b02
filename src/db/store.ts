import type { Kysely } from "kysely";
import type { Settings } from "../settings/settings.ts";
import type { Engine } from "./engine.ts";
import type { Schema } from "./schema.ts";

/** The lifetimes of sessions and tokens, in milliseconds. */
export type LifetimeSettings = Pick<
  Settings,
  "SESSION_LIFETIME" | "SESSION_IDLE" | "RESET_TOKEN_LIFETIME" | "VERIFY_TOKEN_LIFETIME"
>;

/** The database, and everything else that its statements need. Inside a transaction, `db` is the transaction. */
export interface Store {
  readonly db: Kysely<Schema>;
  readonly engine: Engine;
  readonly lifetimes: LifetimeSettings;
  /** Returns the time in milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Thrown to roll back a transaction, for example so that a redeemed token stays valid. */
class Rollback extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super("rolled back");
    this.result = result;
  }
}

/** The maximum number of attempts if a transaction conflicts with another one. */
const maxAttempts = 5;

/** Thrown if a transaction cannot lock a row in the common order; the transaction is retried. */
export class LockOrderConflict extends Error {}

/** The maximum number of attempts if a transaction times out. It is lower because the caller waits for each timeout. */
const maxAttemptsAfterTimeout = 2;

/**
 * Runs `work` in a transaction. Retries it if it conflicts with another transaction or times out, so `work` may run several
 * times. `work` must await only SQL statements, and must lock rows in the order that `locks.ts` describes.
 *
 * @param work receives the transaction's store, and a function that returns an error to throw for a rollback
 * @returns the result of `work`, or the result that `work` passed to the function for a rollback
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
        const result = await work({ ...store, db: transaction }, (value) => new Rollback(value));
        isCommitting = true;
        return result;
      });
    } catch (error) {
      if (error instanceof Rollback) return error.result as T;
      // A commit that timed out may have succeeded.
      const isTimeout = !isCommitting && engine.isTimeout(error);
      const isConflict = error instanceof LockOrderConflict || engine.isConflict(error);
      if (!(isTimeout || isConflict) || attempt >= (isTimeout ? maxAttemptsAfterTimeout : maxAttempts)) throw error;
    }
  }
}
