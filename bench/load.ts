import { Connection } from "./connection.ts";

/** Requests to send to a local server, and for how long. */
export interface Load {
  readonly port: number;
  /** Complete HTTP requests, sent in turn. */
  readonly requests: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  /** The load ends early after this number of requests. */
  readonly count?: number;
  /** Requests per second, however slow the responses. Without it, a connection sends its next request after a response. */
  readonly rate?: number;
  /**
   * Polls instead of sleeping. The load then always occupies one core, so the processor time left for the server is
   * constant, as with a load generator on another machine.
   */
  readonly busyWait?: boolean;
}

export interface LoadResult {
  /** Number of responses, which is also the number of requests. */
  readonly responses: number;
  /** Seconds from the first request to the last response. */
  readonly seconds: number;
  /** Number of responses per status. */
  readonly statuses: Readonly<Record<number, number>>;
  /** The 99th percentile of the latency, in milliseconds. */
  readonly p99: number;
}

/** Milliseconds between two batches of a load with a `rate`. */
const sendInterval = 10;
/** Milliseconds to wait for responses after the last request. */
const responseTimeout = 15_000;

async function run({ port, requests, connections, seconds, count, rate, busyWait }: Load): Promise<LoadResult> {
  const { promise: done, resolve: finish, reject: fail } = Promise.withResolvers<void>();
  const all = await Promise.all(Array.from({ length: connections }, () => Connection.open(port, fail)));
  const idle = [...all];
  const latencies: number[] = [];
  const statuses: Record<number, number> = {};
  let sent = 0;
  let maxSent = count ?? Number.POSITIVE_INFINITY;

  const sendDue = (due: number) => {
    while (sent < Math.min(due, maxSent) && idle.length > 0) send(idle.shift() as Connection);
  };
  const send = (connection: Connection) => {
    const request = requests[sent++ % requests.length] as string;
    const start = performance.now();
    connection.send(request, (status) => {
      latencies.push(performance.now() - start);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (latencies.length === maxSent) finish();
      else if (rate === undefined && sent < maxSent) send(connection);
      else idle.push(connection);
    });
  };

  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  if (rate === undefined) sendDue(connections);
  const sendTimer = rate === undefined ? undefined : setInterval(() => sendDue(elapsed() * rate), sendInterval);
  let immediate: NodeJS.Immediate | undefined;
  const poll = () => {
    immediate = setImmediate(poll);
  };
  if (busyWait) poll();
  const endTimer = setTimeout(() => {
    maxSent = sent;
    if (latencies.length === maxSent) finish();
  }, seconds * 1000);
  const timeout = setTimeout(() => fail(new Error("some requests had no response")), seconds * 1000 + responseTimeout);

  await done;
  const result = { responses: latencies.length, seconds: elapsed(), statuses, p99: percentile(latencies, 0.99) };
  for (const timer of [sendTimer, endTimer, timeout]) clearTimeout(timer);
  clearImmediate(immediate);
  for (const connection of all) connection.close();
  return result;
}

function percentile(values: readonly number[], fraction: number): number {
  return Float64Array.from(values).sort()[Math.floor(values.length * fraction)] ?? Number.NaN;
}

process.on("message", async (load: Load) => process.send?.(await run(load)));
