import type { DB } from "../db/db.ts";
import type { Log } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { Settings } from "../settings/settings.ts";
import { clockTolerance } from "../values/clock-tolerance.ts";
import { WriteBehind } from "./write-behind.ts";

/** How often a session is written as seen, and how long such writes are gathered, in milliseconds. */
const atMostEvery = 60_000;
const gathered = 5000;
/** How many sessions one statement writes. */
const batch = 200;
/** How many wait at most while the database does not answer. */
const mostPending = 100_000;

/** What `LastSeen` writes with. */
interface Dependencies {
  readonly db: DB;
  readonly settings: Pick<Settings, "SESSION_IDLE">;
  readonly clock: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Writes when sessions were last seen, in batches and off the path of the requests that present them. */
export class LastSeen {
  readonly #parts: Dependencies;
  readonly #every: number;
  /** When each session was last seen, until that is written. */
  readonly #pending: WriteBehind<number>;

  constructor(parts: Dependencies) {
    this.#parts = parts;
    // Where the idle end is near, once a minute would be too coarse.
    this.#every = Math.min(atMostEvery, parts.settings.SESSION_IDLE / 10);
    this.#pending = new WriteBehind({
      delay: gathered,
      maxPending: mostPending,
      merge: (_, newer) => newer,
      write: (seen) => this.#write(seen),
      onError(error) {
        parts.metrics.countError(error);
        parts.log.warn({ err: error }, "could not store when sessions were last used; retrying later");
      },
    });
  }

  /**
   * Records that a live session was presented now. Near its idle end this is written at once, because other nodes rely on what
   * is written.
   *
   * @param lastSeenAt the last time of use that was written
   */
  record(sessionId: string, lastSeenAt: number): void {
    const now = this.#parts.clock();
    // A time ahead of now was written while a clock was wrong, and is corrected.
    const isAhead = lastSeenAt > now + clockTolerance;
    if (now - lastSeenAt < this.#every && !isAhead) return;
    this.#pending.add(sessionId, now);
    if (isAhead || lastSeenAt + this.#parts.settings.SESSION_IDLE - now <= 2 * gathered) void this.flush();
    else this.#pending.flushSoon();
  }

  /** Whether a session was used since the time that is written. */
  isPending(sessionId: string): boolean {
    return this.#pending.has(sessionId);
  }

  /** Writes what was recorded. If that fails, it is tried again later. */
  flush(): Promise<void> {
    return this.#pending.flush();
  }

  async #write(seen: Map<string, number>): Promise<void> {
    const all = [...seen];
    for (let from = 0; from < all.length; from += batch) {
      const some = all.slice(from, from + batch);
      await this.#parts.db.sessions.recordUse(some);
      for (const [sessionId] of some) seen.delete(sessionId);
    }
  }
}
