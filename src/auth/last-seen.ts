import type { DB } from "../db/db.ts";
import type { Log } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { Settings } from "../settings/settings.ts";
import { clockTolerance } from "../values/clock-tolerance.ts";
import { WriteBehind } from "./write-behind.ts";

/** The usual time between two writes of one session, in milliseconds. */
const writeInterval = 60_000;
/** How long writes are collected, in milliseconds. */
const writeDelay = 5000;
/** Sessions per statement. */
const batchSize = 200;
/** The maximum of unwritten sessions while the database does not respond. */
const maxPending = 100_000;

interface Dependencies {
  readonly db: DB;
  readonly settings: Pick<Settings, "SESSION_IDLE">;
  readonly clock: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Stores the time of the last use of sessions, in batches, so that requests do not wait for the write. */
export class LastSeen {
  readonly #dependencies: Dependencies;
  readonly #interval: number;
  /** The unwritten times by session id. */
  readonly #pending: WriteBehind<number>;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
    // With a short idle timeout, once a minute is not precise enough.
    this.#interval = Math.min(writeInterval, dependencies.settings.SESSION_IDLE / 10);
    this.#pending = new WriteBehind({
      delay: writeDelay,
      maxPending,
      merge: (_, newer) => newer,
      write: (seen) => this.#write(seen),
      onError(error) {
        dependencies.metrics.countError(error);
        dependencies.log.warn({ err: error }, "could not store when sessions were last used; retrying later");
      },
    });
  }

  /**
   * Records that a live session is used now. Written immediately if the session is about to expire, because other nodes only
   * see the stored time.
   *
   * @param lastSeenAt the stored time of the last use
   */
  record(sessionId: string, lastSeenAt: number): void {
    const now = this.#dependencies.clock();
    // A time in the future was written by a wrong clock, and is corrected.
    const isAhead = lastSeenAt > now + clockTolerance;
    if (now - lastSeenAt < this.#interval && !isAhead) return;
    this.#pending.add(sessionId, now);
    if (isAhead || lastSeenAt + this.#dependencies.settings.SESSION_IDLE - now <= 2 * writeDelay) void this.flush();
    else this.#pending.flushSoon();
  }

  /** Returns true if a session was used since its stored time. */
  isPending(sessionId: string): boolean {
    return this.#pending.has(sessionId);
  }

  /** Writes all recorded times. If that fails, they are written later. */
  flush(): Promise<void> {
    return this.#pending.flush();
  }

  async #write(seen: Map<string, number>): Promise<void> {
    const unwritten = [...seen];
    for (let from = 0; from < unwritten.length; from += batchSize) {
      const sessions = unwritten.slice(from, from + batchSize);
      await this.#dependencies.db.sessions.recordUse(sessions);
      for (const [sessionId] of sessions) seen.delete(sessionId);
    }
  }
}
