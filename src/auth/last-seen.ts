import type { Context } from "./context.ts";

/** How often a session is written as seen, and how long such writes are gathered, in milliseconds. */
const atMostEvery = 60_000;
const gathered = 5000;
/** How many sessions one statement writes. */
const batch = 200;
/** How many wait at most while the database does not answer. */
const mostPending = 100_000;

/** Writes sessions as seen, in batches and off the path of the requests that present them. */
export class LastSeen {
  readonly #context: Context;
  readonly #clock: () => number;
  readonly #every: number;
  #pending = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(context: Context, clock: () => number) {
    this.#context = context;
    this.#clock = clock;
    // Where the idle end is near, once a minute would be too coarse.
    this.#every = Math.min(atMostEvery, context.settings.SESSION_IDLE / 10);
  }

  /** Takes note of a session that was presented now. */
  note(sessionId: string, lastSeenAt: number): void {
    if (this.#clock() - lastSeenAt < this.#every || this.#pending.size >= mostPending) return;
    this.#pending.add(sessionId);
    this.#timer ??= setTimeout(() => void this.flush(), gathered).unref();
  }

  /** Writes what was noted. What cannot be written now is kept for the next time. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const sessionIds = [...this.#pending];
    this.#pending = new Set();
    for (let from = 0; from < sessionIds.length; from += batch) {
      const some = sessionIds.slice(from, from + batch);
      try {
        await this.#context.db.seeSessions(some);
      } catch (error) {
        for (const sessionId of sessionIds.slice(from)) this.#pending.add(sessionId);
        this.#context.metrics.failed(error);
        this.#context.log.warn({ err: error }, "could not write when sessions were last seen; trying again later");
        return;
      }
    }
  }
}
