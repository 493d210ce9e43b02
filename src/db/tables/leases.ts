import { clockTolerance } from "../../values/clock-tolerance.ts";
import type { Store } from "../store.ts";

/** A lease on a task that only one node may run at a time. */
export interface Lease {
  readonly name: string;
  /** Identifies the holder. Each run of the task is a different holder, even on the same node. */
  readonly holder: string;
  /** The time until the lease expires unless it is extended, in milliseconds. */
  readonly duration: number;
}

/**
 * Acquires a free lease, or extends the caller's own. A single statement decides, so only one node gets the lease.
 *
 * @param minInterval the minimum time since the task was last completed on any node, in milliseconds; 0 to extend a lease
 * @returns whether the caller holds the lease
 */
export async function acquire(
  { db, clock }: Store,
  { name, holder, duration }: Lease,
  minInterval = 0,
): Promise<boolean> {
  const now = clock();
  const values = { holder, ends_at: now + duration };
  const taken = await db
    .insertInto("leases")
    .values({ name, ...values, done_at: null })
    .onConflict((conflict) =>
      conflict
        .column("name")
        .doUpdateSet(values)
        .where(({ and, or, eb }) =>
          and([
            or([
              eb("leases.holder", "is", null),
              eb("leases.holder", "=", holder),
              // The holder's clock may be behind, so the holder may still rely on its lease.
              eb("leases.ends_at", "<=", now - clockTolerance),
              // Only a wrong clock stores a time this far in the future.
              eb("leases.ends_at", ">", now + duration + clockTolerance),
            ]),
            or([
              eb("leases.done_at", "is", null),
              eb("leases.done_at", "<=", now - minInterval),
              eb("leases.done_at", ">", now + clockTolerance),
            ]),
          ]),
        ),
    )
    .returning("name")
    .executeTakeFirst();
  return taken !== undefined;
}

/** Releases a lease that the caller still holds, and records whether the task was completed. */
export async function release({ db, clock }: Store, { name, holder }: Lease, isDone: boolean): Promise<void> {
  await db
    .updateTable("leases")
    .set({ holder: null, ...(isDone && { done_at: clock() }) })
    .where("name", "=", name)
    .where("holder", "=", holder)
    .execute();
}
