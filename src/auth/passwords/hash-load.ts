/** The longest expected wait for a hash, in milliseconds: past it a caller must come back later. */
const longestWait = 5000;
/** However fast the hashes are, no more wait than this. */
const mostWaiting = 10_000;

/** The place in the queue that a hash is computed for. */
interface Worked {
  /** How long its hashes have taken so far, together, in milliseconds. */
  worked: number;
  /** True once it needs no more hashes. */
  readonly hasLeft: boolean;
}

/** A hash that a worker computes. */
interface Running {
  readonly since: number;
  /** What the same place had computed before, in milliseconds. */
  readonly before: number;
}

/** Tracks the workers that hash, what each computes now, and how many callers may wait for them. */
export class HashLoad<Work, Result> {
  readonly #compute: (work: Work) => Promise<Result>;
  readonly #workers: number;
  readonly #now: () => number;
  readonly #running = new Set<Running>();
  /** How long the hashes of one place take together, in milliseconds: a moving average. */
  #duration: number;

  constructor(compute: (work: Work) => Promise<Result>, workers: number, duration: number, now: () => number) {
    this.#compute = compute;
    this.#workers = workers;
    this.#duration = duration;
    this.#now = now;
  }

  get hasFree(): boolean {
    return this.#running.size < this.#workers;
  }

  /** How many may wait: as many as get their turn in time, and one for each worker that is free. */
  get capacity(): number {
    const free = Math.max(0, this.#workers - this.#running.size);
    return free + Math.min(mostWaiting, Math.floor(longestWait * this.#rate()));
  }

  /** The estimated seconds until this many callers have been served: from 1 to 60. */
  secondsFor(waiting: number): number {
    const seconds = Math.ceil(waiting / Math.max(this.#rate(), 1e-9) / 1000);
    return Math.min(60, Math.max(1, seconds));
  }

  /** Computes a hash now, and adds its time to the place; a failure adds nothing. */
  async run(place: Worked, work: Work): Promise<Result> {
    const running = { since: this.#now(), before: place.worked };
    this.#running.add(running);
    try {
      const result = await this.#compute(work);
      place.worked += this.#now() - running.since;
      if (place.hasLeft) this.learn(place);
      return result;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Adds what a place took to the average. */
  learn(place: Worked): void {
    if (place.worked > 0) this.#duration += (place.worked - this.#duration) / 16;
    place.worked = 0;
  }

  /**
   * How many places the workers serve in a millisecond. A hash that already runs longer than the average counts with its time so
   * far: if hashes stop ending, the estimated wait keeps growing.
   */
  #rate(): number {
    const now = this.#now();
    let rate = Math.max(0, this.#workers - this.#running.size) / this.#duration;
    for (const { since, before } of this.#running) rate += 1 / Math.max(this.#duration, before + now - since);
    return rate;
  }
}
