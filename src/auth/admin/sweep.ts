import { randomUUID } from "node:crypto";
import { setImmediate as yieldToOthers } from "node:timers/promises";
import type { SweepKind } from "../../db/db.ts";
import { day, minute } from "../../values/durations.ts";
import { undoLifetime } from "../../values/undo-lifetime.ts";
import type { Context } from "../context.ts";
import { mailLifetime } from "../outbox/delivery.ts";

/** Rows per statement. A statement takes a few milliseconds, so that requests do not wait for it. */
const batchSize = 500;

/** The number of deleted rows of each kind. */
export type SweepCounts = Readonly<Record<"sessions" | "resetTokens" | SweepKind, number>>;

/** When to sweep, and when to stop. */
export interface SweepOptions {
  /** Stops the sweep after the current batch. */
  readonly signal?: AbortSignal;
  /** The minimum time since the end of the last complete sweep by any node, in milliseconds. */
  readonly minInterval?: number;
}

/** How long a sweep holds its lease before it must extend it, in milliseconds. */
const leaseDuration = minute;

/**
 * Deletes expired rows. Call it every few minutes on every node. It deletes nothing while another node sweeps, or
 * before `minInterval` has passed since the last sweep.
 */
export async function sweep(context: Context, options: SweepOptions = {}): Promise<SweepCounts> {
  const { signal, minInterval } = options;
  const { db, log, clock, lastSeen } = context;
  await lastSeen.flush();
  const swept = {
    sessions: 0,
    resetTokens: 0,
    acts: 0,
    attempts: 0,
    devices: 0,
    events: 0,
    formerEmails: 0,
    failedMails: 0,
    mails: 0,
    verifications: 0,
  };
  const lease = { name: "sweep", holder: randomUUID(), duration: leaseDuration };
  if (!(await db.leases.acquire(lease, minInterval))) return swept;
  let extendedAt = clock();
  let isComplete = false;
  try {
    for await (const _ of sweepAll(context, swept)) {
      await yieldToOthers();
      if (signal?.aborted) return swept;
      // `Math.abs`, because the difference is negative after the clock was set back.
      if (Math.abs(clock() - extendedAt) < leaseDuration / 3) continue;
      if (!(await db.leases.acquire(lease))) return swept;
      extendedAt = clock();
    }
    isComplete = true;
  } finally {
    await db.leases.release(lease, isComplete);
  }
  if (Object.values(swept).some((rows) => rows > 0)) log.info({ event: "swept", ...swept }, "deleted expired rows");
  return swept;
}

/** Yields after each batch, and adds the number of its rows to `swept`. */
async function* sweepAll(
  { db, log, clock, settings }: Context,
  swept: Record<keyof SweepCounts, number>,
): AsyncGenerator<unknown> {
  let corrected = 0;
  for await (const rows of sweepInBatches(() => db.sweep.correctFutureTimes(batchSize))) {
    corrected += rows;
    yield;
  }
  if (corrected > 0)
    log.warn({ event: "times_corrected", rows: corrected }, "corrected times that a wrong clock had written");
  for (let from: string | null = ""; from !== null; ) {
    const { ended, next }: { ended: number; next: string | null } = await db.sessions.sweep(from, batchSize);
    swept.sessions += ended;
    from = next;
    yield;
  }
  for await (const rows of sweepInBatches(() => db.resetPassword.sweepTokens(batchSize))) {
    swept.resetTokens += rows;
    yield;
  }
  const maxAges: Record<SweepKind, number> = {
    // Longer than an idempotency key is valid.
    acts: 2 * minute,
    attempts: 0,
    devices: 400 * day,
    events: settings.EVENTS_KEEP,
    formerEmails: undoLifetime,
    failedMails: 7 * day,
    // Longer than emails are retried. Older emails were queued while no node sent email.
    mails: mailLifetime + day / 12,
    verifications: 7 * day,
  };
  for (const [kind, age] of Object.entries(maxAges) as [SweepKind, number][]) {
    for await (const rows of sweepInBatches(() => db.sweep.deleteOld(kind, clock() - age, batchSize))) {
      swept[kind] += rows;
      yield;
    }
  }
}

/** Sweeps until a batch is not full. Yields the number of rows of each. */
async function* sweepInBatches(sweepSome: () => Promise<number>): AsyncGenerator<number> {
  for (;;) {
    const rows = await sweepSome();
    yield rows;
    if (rows < batchSize) return;
  }
}
