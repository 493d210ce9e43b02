import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from "prom-client";
import { type Counters, Histogram, type QueueLength } from "./metrics.ts";

/**
 * What was counted, by the names of `docs/observability.md`, and what prom-client tells of every Node process. Nothing is
 * done here until `metrics()` is called: a request costs the numbers of `Counters` and no more.
 */
export function createRegistry(counters: Counters): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Counter({
    name: "bienvenue_http_requests_total",
    help: "Requests that were answered.",
    labelNames: ["method", "route", "status"],
    registers,
    collect() {
      this.reset();
      for (const { method, route, statuses } of counters.requests)
        for (const [status, count] of statuses) this.inc({ method, route, status }, count);
    },
  });
  registry.registerMetric(
    histogram("bienvenue_http_request_duration_seconds", "From a request's headers to its answer.", () =>
      counters.requests.map(({ method, route, durations }) => ({ labels: { method, route }, durations })),
    ),
  );
  for (const [name, help, label, counts] of [
    ["refusals", "Requests that were refused, by the code of docs/errors.md.", "code", counters.refusals],
    ["database_errors", "What the database could not answer, by its fault.", "fault", counters.databaseErrors],
    ["mails", "Attempts to send a mail, by how they ended.", "outcome", counters.mails],
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
    histogram("bienvenue_hash_queue_wait_seconds", "How long passwords waited to be hashed.", () => [
      { labels: {}, durations: counters.hashWaits },
    ]),
  );
  for (const [name, help] of [
    ["hash", "Passwords that wait to be hashed."],
    ["mail", "Mails that wait to be sent."],
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

/** Unknown is not zero, and keeps nothing else from being told. */
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

/** A histogram of what was counted elsewhere, which prom-client's own cannot take over: to a registry a metric is what has `get`. */
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
