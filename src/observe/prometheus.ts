import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from "prom-client";
import { type Counters, Histogram, type QueueLength } from "./metrics.ts";

/**
 * Creates a registry with the metrics of `docs/observability.md` and prom-client's metrics of the Node process. It reads the
 * counters only when `metrics()` is called, so it does not slow requests down.
 */
export function createRegistry(counters: Counters): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Counter({
    name: "bienvenue_http_requests_total",
    help: "Responses sent.",
    labelNames: ["method", "route", "status"],
    registers,
    collect() {
      this.reset();
      for (const { method, route, statuses } of counters.requests)
        for (const [status, count] of statuses) this.inc({ method, route, status }, count);
    },
  });
  registry.registerMetric(
    histogram("bienvenue_http_request_duration_seconds", "Time from the request's headers to the response.", () =>
      counters.requests.map(({ method, route, durations }) => ({ labels: { method, route }, durations })),
    ),
  );
  for (const [name, help, label, counts] of [
    ["refusals", "Error responses, by the code of docs/errors.md.", "code", counters.refusals],
    ["database_errors", "Failed database operations, by fault.", "fault", counters.databaseErrors],
    ["mails", "Attempts to send an email, by outcome.", "outcome", counters.mails],
  ] as const) {
    new Counter({
      name: `bienvenue_${name}_total`,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const [value, count] of counts) this.inc({ [label]: value }, count);
      },
    });
  }
  registry.registerMetric(
    histogram("bienvenue_hash_queue_wait_seconds", "Time that passwords waited for a hash thread.", () => [
      { labels: {}, durations: counters.hashWaits },
    ]),
  );
  for (const [name, help] of [
    ["hash", "Passwords waiting to be hashed."],
    ["mail", "Emails waiting to be sent."],
  ] as const) {
    new Gauge({
      name: `bienvenue_${name}_queue_length`,
      help,
      registers,
      async collect() {
        this.set(await readLength(counters.queues.get(name)));
      },
    });
  }
  return registry;
}

/** Returns NaN if the length is unknown, so that the other metrics can still be read. */
async function readLength(length?: QueueLength): Promise<number> {
  try {
    return (await length?.()) ?? Number.NaN;
  } catch {
    return Number.NaN;
  }
}

interface LabeledHistogram {
  readonly labels: Record<string, string>;
  readonly durations: Histogram;
}

/** Creates a metric from existing counts, which prom-client's Histogram cannot do. A registry only needs its `get`. */
function histogram(name: string, help: string, read: () => LabeledHistogram[]): Metric {
  const get = async () => ({
    name,
    help,
    type: "histogram",
    aggregator: "sum",
    values: read().flatMap(({ labels, durations: { counts, sum } }) => {
      let total = 0;
      const buckets = counts.map((count, index) => {
        const bound = Histogram.bounds[index];
        total += count;
        const le = bound === undefined ? "+Inf" : bound / 1000;
        return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sum / 1000 },
        { metricName: `${name}_count`, labels, value: total },
      ];
    }),
  });
  return { name, get } as unknown as Metric;
}
