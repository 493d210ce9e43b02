import type { Kysely } from "kysely";
import type { Settings } from "../settings.ts";
import type { Engine } from "./engine.ts";
import type { Schema } from "./schema.ts";

/** How long rows live, in milliseconds. */
export type Lifetimes = Pick<
  Settings,
  "SESSION_LIFETIME" | "SESSION_IDLE" | "RESET_TOKEN_LIFETIME" | "VERIFY_TOKEN_LIFETIME"
>;

/** What the statements work with. Inside a transaction, `db` is the transaction. */
export interface Store {
  readonly db: Kysely<Schema>;
  readonly engine: Engine;
  readonly lifetimes: Lifetimes;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** How often a transaction that met another one is tried. */
const tries = 5;

/**
 * Does all of the work or nothing of it, and does it again when it failed only because of another transaction. Nothing
 * but SQL may be awaited in it.
 */
export async function atomically<T>(store: Store, work: (store: Store) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.db.transaction().execute((db) => work({ ...store, db }));
    } catch (error) {
      if (attempt === tries || !store.engine.isConflict(error)) throw error;
    }
  }
}
