import { randomUUID } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { SweepKind } from "../../db/db.ts";
import { day, minute } from "../../values/durations.ts";
import { undoLifetime } from "../../values/undo-lifetime.ts";
import type { Context } from "../context.ts";
import { mailLifetime } from "../outbox/delivery.ts";

/** How many rows one statement looks at: a few milliseconds, so that nobody waits for it. */
const batch = 500;

/** How many rows of each kind were swept. */
export type SweepCounts = Readonly<Record<"sessions" | "resetTokens" | SweepKind, number>>;

/** When to sweep, and when to stop. */
export interface SweepOptions {
  /** Once aborted, no further batch is begun. */
  readonly signal?: AbortSignal;
  /** How long ago the last whole sweep by any node must have ended, in milliseconds. */
  readonly minInterval?: number;
}

/** How long a sweep holds its lease unless it extends it, in milliseconds. */
const leaseDuration = minute;

/**
 * Deletes what has ended or grown old, and returns how much: it opens nothing anyway, and this makes room. To be called every few
 * minutes, on any number of nodes: one of them sweeps at a time. While another does, and until `rest` has passed since the last
 * sweep, it deletes nothing.
 */
export async function sweep(context: Context, options: SweepOptions = {}): Promise<SweepCounts> {
  const { signal: stopping, minInterval: rest } = options;
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
  if (!(await db.leases.acquire(lease, rest))) return swept;
  let extended = clock();
  let isDone = false;
  try {
    for await (const _ of sweepAll(context, swept)) {
      await turn();
      if (stopping?.aborted) return swept;
      // The lease is extended also if the clock was set back.
      if (Math.abs(clock() - extended) < leaseDuration / 3) continue;
      if (!(await db.leases.acquire(lease))) return swept;
      extended = clock();
    }
    isDone = true;
  } finally {
    await db.leases.release(lease, isDone);
  }
  if (Object.values(swept).some((rows) => rows > 0)) log.info({ event: "swept", ...swept }, "deleted expired rows");
  return swept;
}

/** Sweeps batch by batch, adds up how much in `swept`, and yields after each. */
async function* sweepAll(
  { db, log, clock, settings }: Context,
  swept: Record<keyof SweepCounts, number>,
): AsyncGenerator<unknown> {
  let corrected = 0;
  for await (const rows of batches(() => db.sweep.correctFutureTimes(batch))) {
    corrected += rows;
    yield;
  }
  if (corrected > 0)
    log.warn({ event: "times_corrected", rows: corrected }, "corrected times that a wrong clock had written");
  for (let from: string | null = ""; from !== null; ) {
    const { ended, next }: { ended: number; next: string | null } = await db.sessions.sweep(from, batch);
    swept.sessions += ended;
    from = next;
    yield;
  }
  for await (const rows of batches(() => db.resetPassword.sweepTokens(batch))) {
    swept.resetTokens += rows;
    yield;
  }
  const oldest: Record<SweepKind, number> = {
    // Longer than requests are answered as done.
    acts: 2 * minute,
    attempts: 0,
    devices: 400 * day,
    events: settings.EVENTS_KEEP,
    formerEmails: undoLifetime,
    failedMails: 7 * day,
    // Longer than they are tried: what is left was never taken up by a mailer.
    mails: mailLifetime + day / 12,
    verifications: 7 * day,
  };
  for (const [kind, age] of Object.entries(oldest) as [SweepKind, number][]) {
    for await (const rows of batches(() => db.sweep.deleteOld(kind, clock() - age, batch))) {
      swept[kind] += rows;
      yield;
    }
  }
}

/** Sweeps until a batch is not full, and yields how many rows each had. */
async function* batches(sweepSome: () => Promise<number>): AsyncGenerator<number> {
  for (;;) {
    const rows = await sweepSome();
    yield rows;
    if (rows < batch) return;
  }
}
