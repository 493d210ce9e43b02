import { type DatabaseFault, DatabaseUnavailable } from "../errors.ts";
import type { Settings } from "../settings/settings.ts";

/** Counts what the service does. `Counters` keeps the numbers in memory; `uncounted` discards them. */
export interface Metrics {
  /**
   * @param route the path of a resource, or `other`
   * @param milliseconds unset for a request that the server could not parse
   */
  countResponse(method: string, route: string, status: number, milliseconds?: number): void;
  /** @param code an error code of `docs/errors.md` */
  countRefusal(code: string): void;
  /** Counts an error if the database caused it. */
  countError(error: unknown): void;
  /** Counts one attempt to send an email. */
  countMail(outcome: MailOutcome): void;
  /** @param wait how long the password waited for a hash thread, in milliseconds */
  recordHashWait(wait: number): void;
  /** Registers a function that returns a length. It is called only when the metrics are read. */
  addQueue(name: QueueName, length: QueueLength): void;
}

/** `delayed` emails are retried, `postponed` ones wait because a rate limit is reached, and `failed` ones are not retried. */
type MailOutcome = "sent" | "delayed" | "postponed" | "failed";

export type QueueName = "hash" | "mail";
export type QueueLength = () => number | Promise<number>;

export const uncounted: Metrics = {
  countResponse() {},
  countRefusal() {},
  countError() {},
  countMail() {},
  recordHashWait() {},
  addQueue() {},
};

/** Returns true if metrics can be read. Otherwise, the service does not count. */
export function hasMetrics({ NODE_ENV, METRICS_TOKEN }: Settings): boolean {
  return NODE_ENV === "development" || METRICS_TOKEN !== null;
}

/** Methods with their own counters. Others share one, so that clients cannot create counters. */
const methods = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]);

/** Keeps the counts in memory. */
export class Counters implements Metrics {
  /** By route and method. Faster than one map with a combined key. */
  readonly #requests = new Map<string, Map<string, RequestCounts>>();
  readonly refusals = new Map<string, number>();
  readonly databaseErrors = new Map<DatabaseFault, number>();
  readonly mails = new Map<MailOutcome, number>();
  readonly hashWaits = new Histogram();
  readonly queues = new Map<QueueName, QueueLength>();

  /** The counts of every route and method with at least one request. */
  get requests(): RequestCounts[] {
    return [...this.#requests.values()].flatMap((methods) => [...methods.values()]);
  }

  countResponse(method: string, route: string, status: number, milliseconds?: number): void {
    const requests = this.#requests.get(route)?.get(method) ?? this.#addCounts(method, route);
    requests.statuses.set(status, (requests.statuses.get(status) ?? 0) + 1);
    if (milliseconds !== undefined) requests.durations.add(milliseconds);
  }

  countRefusal(code: string): void {
    increment(this.refusals, code);
  }

  countError(error: unknown): void {
    if (error instanceof DatabaseUnavailable) increment(this.databaseErrors, error.fault);
  }

  countMail(outcome: MailOutcome): void {
    increment(this.mails, outcome);
  }

  recordHashWait(wait: number): void {
    this.hashWaits.add(wait);
  }

  addQueue(name: QueueName, length: QueueLength): void {
    this.queues.set(name, length);
  }

  #addCounts(method: string, route: string): RequestCounts {
    const knownMethod = methods.has(method) ? method : "other";
    const requests = this.#requests.get(route)?.get(knownMethod) ?? new RequestCounts(knownMethod, route);
    if (!this.#requests.has(route)) this.#requests.set(route, new Map());
    this.#requests.get(route)?.set(knownMethod, requests);
    return requests;
  }
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Counts the requests of one method to one route. */
class RequestCounts {
  readonly method: string;
  readonly route: string;
  readonly statuses = new Map<number, number>();
  readonly durations = new Histogram();

  constructor(method: string, route: string) {
    this.method = method;
    this.route = route;
  }
}

/** A histogram of durations. */
export class Histogram {
  /** Upper bounds of the buckets, in milliseconds. */
  static readonly bounds = [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];
  /** The number of durations per bucket, not cumulative. The last bucket has no bound. */
  readonly counts: number[] = Array(Histogram.bounds.length + 1).fill(0);
  /** The sum of all durations, in milliseconds. */
  sum = 0;

  add(milliseconds: number): void {
    const { bounds } = Histogram;
    let index = 0;
    while (index < bounds.length && milliseconds > (bounds[index] as number)) index++;
    this.counts[index] = (this.counts[index] as number) + 1;
    this.sum += milliseconds;
  }
}
