import { setImmediate as turn } from "node:timers/promises";
import type { OldKind } from "../db/db.ts";
import type { Context } from "./context.ts";
import { mailLifetime } from "./outbox.ts";

/** How many rows one statement looks at: a few milliseconds, so that nobody waits for it. */
const batch = 500;
const minute = 60_000;
const day = 86_400_000;

/** How many rows of each kind were swept. */
export type Swept = Readonly<Record<"sessions" | "resetTokens" | OldKind, number>>;

/** Deletes what has ended or grown old; returns how much. */
export async function sweep({ db, log, clock, settings, lastSeen }: Context): Promise<Swept> {
  await lastSeen.flush();
  const corrected = await inBatches(() => db.correctTimes(batch));
  if (corrected > 0)
    log.warn({ event: "times_corrected", rows: corrected }, "corrected times that a wrong clock had written");
  const swept = {
    sessions: 0,
    resetTokens: 0,
    acts: 0,
    attempts: 0,
    devices: 0,
    events: 0,
    mails: 0,
    verifications: 0,
  };
  for (let from: string | null = ""; from !== null; await turn()) {
    const { ended, next }: { ended: number; next: string | null } = await db.sweepSessions(from, batch);
    swept.sessions += ended;
    from = next;
  }
  swept.resetTokens = await inBatches(() => db.sweepResetTokens(batch));
  const oldest: Record<OldKind, number> = {
    // Longer than requests are answered as done.
    acts: 2 * minute,
    attempts: 0,
    devices: 400 * day,
    events: settings.EVENTS_KEEP,
    // Longer than they are tried: what is left was never taken up by a mailer.
    mails: mailLifetime + day / 12,
    verifications: 7 * day,
  };
  for (const [kind, age] of Object.entries(oldest) as [OldKind, number][]) {
    swept[kind] = await inBatches(() => db.sweepOld(kind, clock() - age, batch));
  }
  if (Object.values(swept).some((rows) => rows > 0)) log.info({ event: "swept", ...swept }, "swept what had ended");
  return swept;
}

async function inBatches(sweepSome: () => Promise<number>): Promise<number> {
  for (let all = 0; ; await turn()) {
    const some = await sweepSome();
    all += some;
    if (some < batch) return all;
  }
}
