import { Connection } from "./connection.ts";

/** What to send to a server on this machine, and for how long. */
export interface Load {
  readonly port: number;
  /** Whole requests, head and body, sent in turn. */
  readonly requests: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  /** Ends before the time is up when so many were sent. */
  readonly count?: number;
  /** Requests a second, however slow the answers are. Without it a connection sends its next one when it is answered. */
  readonly rate?: number;
  /**
   * Never sleeps while it waits. So it takes a core whole, busy server or not, as a machine of its own would: what the
   * core would lend to others does not depend on what is measured.
   */
  readonly awake?: boolean;
}

/** What came of it. Everything that was sent was answered. */
export interface Outcome {
  readonly answered: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<number, number>>;
  /** The latency that 99 of 100 answers stayed within, in milliseconds. */
  readonly p99: number;
}

/** How often a load with a rate sends what is due, in milliseconds. */
const beat = 10;
/** How long the answers may take when nothing more is sent, in milliseconds. */
const responseTimeout = 15_000;

async function run({ port, requests, connections, seconds, count, rate, awake }: Load): Promise<Outcome> {
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>();
  const all = await Promise.all(Array.from({ length: connections }, () => Connection.open(port, fail)));
  const idle = [...all];
  const latencies: number[] = [];
  const statuses: Record<number, number> = {};
  let sent = 0;
  let most = count ?? Number.POSITIVE_INFINITY;

  const sendDue = (due: number) => {
    while (sent < Math.min(due, most) && idle.length > 0) send(idle.shift() as Connection);
  };
  const send = (connection: Connection) => {
    const request = requests[sent++ % requests.length] as string;
    const start = performance.now();
    connection.send(request, (status) => {
      latencies.push(performance.now() - start);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (latencies.length === most) end();
      else if (rate === undefined && sent < most) send(connection);
      else idle.push(connection);
    });
  };

  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  if (rate === undefined) sendDue(connections);
  const pace = rate === undefined ? undefined : setInterval(() => sendDue(elapsed() * rate), beat);
  let turn: NodeJS.Immediate | undefined;
  const stayAwake = () => {
    turn = setImmediate(stayAwake);
  };
  if (awake) stayAwake();
  const timeUp = setTimeout(() => {
    most = sent;
    if (latencies.length === most) end();
  }, seconds * 1000);
  const tooLate = setTimeout(() => fail(new Error("requests were not answered")), seconds * 1000 + responseTimeout);

  await ended;
  const outcome = { answered: latencies.length, seconds: elapsed(), statuses, p99: percentile(latencies, 0.99) };
  for (const timer of [pace, timeUp, tooLate]) clearTimeout(timer);
  clearImmediate(turn);
  for (const connection of all) connection.close();
  return outcome;
}

function percentile(values: readonly number[], part: number): number {
  return Float64Array.from(values).sort()[Math.floor(values.length * part)] ?? Number.NaN;
}

process.on("message", async (load: Load) => process.send?.(await run(load)));
