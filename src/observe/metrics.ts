import { type DatabaseFault, DatabaseUnavailable } from "../errors.ts";
import type { Settings } from "../settings/settings.ts";

/** Where what happens is counted. `Counters` are one such place; `uncounted` is another. */
export interface Metrics {
  /**
   * A request was answered.
   *
   * @param route one of few: the path of a resource, or `other`
   * @param milliseconds not said of a request that was never understood
   */
  answered(method: string, route: string, status: number, milliseconds?: number): void;
  /** A request was refused, for the reason that `docs/errors.md` has by this code. */
  refused(code: string): void;
  /** Something failed; it counts when the database was the reason. */
  failed(error: unknown): void;
  /** Counts an attempt to send a mail, by its outcome. */
  mail(outcome: MailOutcome): void;
  /** A password is hashed now, and waited so many milliseconds for its turn. */
  hashing(waited: number): void;
  /** Says how to find out how long a queue is. That is asked only when somebody wants to know. */
  queue(name: Queue, length: Length): void;
}

/** It was handed over; is tried again later; waits because a cap is reached; or is not tried again. */
export type MailOutcome = "sent" | "delayed" | "postponed" | "failed";

export type Queue = "hash" | "mail";
export type Length = () => number | Promise<number>;

export const uncounted: Metrics = { answered() {}, refused() {}, failed() {}, mail() {}, hashing() {}, queue() {} };

/** Whether anybody may read metrics: if not, there is no need to count. */
export function hasMetrics({ NODE_ENV, METRICS_TOKEN }: Settings): boolean {
  return NODE_ENV === "development" || METRICS_TOKEN !== null;
}

/** The methods that have counters of their own: a caller chooses the word, and may not make counters at will. */
const methods = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]);

/** Numbers in memory. What they are to be called is the concern of whoever reads them. */
export class Counters implements Metrics {
  /** By route and method: to put the two into one text takes longer than to count. */
  readonly #requests = new Map<string, Map<string, Requests>>();
  readonly refusals = new Map<string, number>();
  readonly databaseErrors = new Map<DatabaseFault, number>();
  readonly mails = new Map<MailOutcome, number>();
  readonly hashWaits = new Durations();
  readonly queues = new Map<Queue, Length>();

  /** Those of each method to each route that there were any of. */
  get requests(): Requests[] {
    return [...this.#requests.values()].flatMap((methods) => [...methods.values()]);
  }

  answered(method: string, route: string, status: number, milliseconds?: number): void {
    const requests = this.#requests.get(route)?.get(method) ?? this.#first(method, route);
    requests.statuses.set(status, (requests.statuses.get(status) ?? 0) + 1);
    if (milliseconds !== undefined) requests.durations.add(milliseconds);
  }

  refused(code: string): void {
    count(this.refusals, code);
  }

  failed(error: unknown): void {
    if (error instanceof DatabaseUnavailable) count(this.databaseErrors, error.fault);
  }

  mail(outcome: MailOutcome): void {
    count(this.mails, outcome);
  }

  hashing(waited: number): void {
    this.hashWaits.add(waited);
  }

  queue(name: Queue, length: Length): void {
    this.queues.set(name, length);
  }

  #first(method: string, route: string): Requests {
    const known = methods.has(method) ? method : "other";
    const requests = this.#requests.get(route)?.get(known) ?? new Requests(known, route);
    if (!this.#requests.has(route)) this.#requests.set(route, new Map());
    this.#requests.get(route)?.set(known, requests);
    return requests;
  }
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The requests of one method to one route. */
export class Requests {
  readonly method: string;
  readonly route: string;
  readonly statuses = new Map<number, number>();
  readonly durations = new Durations();

  constructor(method: string, route: string) {
    this.method = method;
    this.route = route;
  }
}

/** Durations, as a histogram has them. */
export class Durations {
  /** In milliseconds: from a profile, which is one read, to what anybody waits for. */
  static readonly bounds = [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];
  /** How many were at most as long as each bound and longer than the one before; the last are longer than all. */
  readonly counts: number[] = Array(Durations.bounds.length + 1).fill(0);
  /** In milliseconds. */
  sum = 0;

  add(milliseconds: number): void {
    const { bounds } = Durations;
    let index = 0;
    while (index < bounds.length && milliseconds > (bounds[index] as number)) index++;
    this.counts[index] = (this.counts[index] as number) + 1;
    this.sum += milliseconds;
  }
}
