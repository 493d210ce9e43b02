import { AuthError } from "../errors.ts";
import { waitInWords } from "../languages/durations.ts";
import { type Metrics, uncounted } from "../metrics.ts";

/** The longest anyone waits for a hash, in milliseconds: past it they are told to come back instead. */
const longestWait = 5000;
/** However fast the hashes are, no more wait than this. */
const mostWaiting = 10_000;

interface Waiting {
  readonly start: () => void;
  readonly refuse: (error: AuthError) => void;
}

/**
 * A bounded queue in front of the workers that hash. It is served in turn by network, and no network holds more than a
 * quarter of it, so that whoever floods it waits for themselves.
 */
export class HashQueue<Work, Result> {
  readonly #compute: (work: Work) => Promise<Result>;
  readonly #workers: number;
  readonly #metrics: Metrics;
  #running = 0;
  #waiting = 0;
  #closed = false;
  readonly #computing = new Set<Promise<Result>>();
  /** How long a hash takes, in milliseconds: a moving average. */
  #duration: number;
  /** In the order in which the networks have their turn. */
  readonly #networks = new Map<string, Waiting[]>();

  /** @param duration how long a hash is expected to take, in milliseconds, until some were measured */
  constructor(compute: (work: Work) => Promise<Result>, workers: number, duration: number, metrics = uncounted) {
    this.#compute = compute;
    this.#workers = workers;
    this.#duration = duration;
    this.#metrics = metrics;
    metrics.queue("hash", () => this.#waiting);
  }

  /**
   * Computes when it is this network's turn. Callers without a network share one that may fill the queue.
   *
   * @throws {AuthError} `busy`, at once, when the wait would be too long
   */
  async run(work: Work, network: string | undefined): Promise<Result> {
    if (this.#closed) throw this.#busy();
    const asked = performance.now();
    if (this.#running < this.#workers) this.#running++;
    else await this.#turn(network);
    const started = performance.now();
    this.#metrics.hashing(started - asked);
    const computing = this.#compute(work);
    this.#computing.add(computing);
    try {
      return await computing;
    } finally {
      this.#computing.delete(computing);
      this.#duration += (performance.now() - started - this.#duration) / 16;
      this.#next();
    }
  }

  /** Refuses what waits and what comes; resolves when what is computed already has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of [...this.#networks.values()].flat()) waiting.refuse(this.#busy());
    this.#networks.clear();
    this.#waiting = 0;
    await Promise.allSettled(this.#computing);
  }

  #turn(network: string | undefined): Promise<void> {
    const capacity = Math.min(mostWaiting, Math.floor((longestWait * this.#workers) / this.#duration));
    const share = network === undefined ? capacity : Math.max(1, Math.floor(capacity / 4));
    const key = network ?? "";
    const queue = this.#networks.get(key) ?? [];
    if (this.#waiting >= capacity || queue.length >= share) throw this.#busy();
    this.#waiting++;
    this.#networks.set(key, queue);
    return new Promise((start, refuse) => queue.push({ start, refuse }));
  }

  /** Hands the worker that has become free to the next network. */
  #next(): void {
    for (const [network, queue] of this.#networks) {
      const next = queue.shift();
      this.#networks.delete(network);
      if (queue.length > 0) this.#networks.set(network, queue);
      if (next === undefined) continue;
      this.#waiting--;
      next.start();
      return;
    }
    this.#running--;
  }

  #busy(): AuthError {
    const retryAfter = Math.max(1, Math.ceil((this.#waiting * this.#duration) / this.#workers / 1000));
    const message = `too many logins at once; try again in ${waitInWords(retryAfter, "en")}`;
    return new AuthError("busy", message, { retryAfter });
  }
}
