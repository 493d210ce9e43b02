import { setImmediate as turn } from "node:timers/promises";
import type { Context } from "./context.ts";

/** How many rows one statement looks at: a few milliseconds, so that nobody waits for it. */
const batch = 500;

/** Deletes sessions and reset tokens that have ended; returns how many. */
export async function sweep({ db, log }: Context): Promise<{ sessions: number; resetTokens: number }> {
  const swept = { sessions: 0, resetTokens: 0 };
  for (let from: string | null = ""; from !== null; await turn()) {
    const { ended, next }: { ended: number; next: string | null } = await db.sweepSessions(from, batch);
    swept.sessions += ended;
    from = next;
  }
  for (let ended = batch; ended === batch; await turn()) {
    ended = await db.sweepResetTokens(batch);
    swept.resetTokens += ended;
  }
  if (swept.sessions + swept.resetTokens > 0) log.info({ event: "swept", ...swept }, "swept what had ended");
  return swept;
}
