import { clockTolerance } from "../../values/clock-tolerance.ts";
import type { Store } from "../store.ts";

/** Work that one of several nodes does at a time. */
export interface Lease {
  readonly name: string;
  /** Names who holds it: another call on the same node is another holder. */
  readonly holder: string;
  /** How long it is held unless it is taken again, in milliseconds. */
  readonly duration: number;
}

/**
 * Takes a lease that nobody holds, or extends the holder's own. One statement decides, so that of several nodes one gets it.
 *
 * @param rest how long ago the work must have been done by anybody, in milliseconds; 0 for a lease that is extended
 * @returns whether the caller holds it now
 */
export async function acquire({ db, clock }: Store, { name, holder, duration }: Lease, rest = 0): Promise<boolean> {
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
              // The holder's clock may be behind: only after this has the lease ended for everybody.
              eb("leases.ends_at", "<=", now - clockTolerance),
              // A wrong clock wrote it.
              eb("leases.ends_at", ">", now + duration + clockTolerance),
            ]),
            or([
              eb("leases.done_at", "is", null),
              eb("leases.done_at", "<=", now - rest),
              eb("leases.done_at", ">", now + clockTolerance),
            ]),
          ]),
        ),
    )
    .returning("name")
    .executeTakeFirst();
  return taken !== undefined;
}

/** Gives a lease back, if it is still this holder's, and records whether the work was done. */
export async function release({ db, clock }: Store, { name, holder }: Lease, isDone: boolean): Promise<void> {
  await db
    .updateTable("leases")
    .set({ holder: null, ...(isDone && { done_at: clock() }) })
    .where("name", "=", name)
    .where("holder", "=", holder)
    .execute();
}
