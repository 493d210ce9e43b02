import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Accounts } from "./accounts.ts";
import { type Figure, formatPerSecond, ratio } from "./figure.ts";
import { Generator } from "./generator.ts";
import { Hashing } from "./hashing.ts";
import type { Load, Outcome } from "./load.ts";
import { profileLoad } from "./profile.ts";
import type { Quiet } from "./quiet.ts";
import { alternate, type Pair } from "./rounds.ts";
import { startOnDatabase } from "./service.ts";

const rounds = 3;
/** Longer than a hash waits behind requests: what comes then counts too. */
const seconds = 6;
/** How long the flood has come when the profiles begin, and still comes when they have ended, in seconds. */
const margin = 0.7;
/** The logins that arrive for each one that the cores can hash. */
const tenfold = 10;

/** `/profile` while ten times as many logins arrive as can be hashed, against the same without them. */
export async function measureFlood(accounts: Accounts, quiet: Quiet): Promise<Figure[]> {
  await using service = await startOnDatabase(await accounts.copy("flood.db"));
  const rate = tenfold * (await capacity(accounts, quiet));
  // More connections than are ever waiting, so that every login that is due finds a free one.
  const arriving = { requests: accounts.logIns, connections: 32 * availableParallelism(), rate };
  const { throughput, p99 } = await against(accounts, quiet, service.port, arriving);
  const name = `/profile while ${formatPerSecond(rate)} logins arrive, of without`;
  return [
    { name: `${name}: throughput`, atLeast: 0.7, ...throughput },
    { name: `${name}: p99`, atMost: 2, ...p99 },
  ];
}

/** `/profile` while 400 logins a second arrive at a cost of 10, of addresses without an account. */
export async function measureCheapFlood(accounts: Accounts, quiet: Quiet): Promise<Figure[]> {
  await using service = await startOnDatabase(await accounts.copy("cheap-flood.db"), "10");
  const requests = accounts.logIns.map((request) => request.replace("person", "nobody"));
  const { throughput } = await against(accounts, quiet, service.port, { requests, connections: 800, rate: 400 });
  return [{ name: "/profile while 400/s logins arrive at cost 10, of without", atLeast: 0.7, ...throughput }];
}

/** `/profile` while these logins arrive, against the same without them. */
async function against(
  accounts: Accounts,
  quiet: Quiet,
  port: number,
  logins: Pick<Load, "requests" | "connections" | "rate">,
) {
  using readers = new Generator();
  using crowd = new Generator();
  const arriving = { ...logins, port, seconds: seconds + 2 * margin };
  const calm = () => readers.run(profileLoad(accounts, port, seconds));
  const flooded = async () => {
    const logins = crowd.run(arriving);
    await sleep(margin * 1000);
    const outcome = await calm();
    const { answered, statuses } = await logins;
    const hashed = (statuses[200] ?? 0) + (statuses[401] ?? 0);
    if (hashed + (statuses[503] ?? 0) < answered) throw new Error(`no flood: ${JSON.stringify(statuses)}`);
    return outcome;
  };
  await calm();
  await flooded();
  const pairs = await alternate(quiet, rounds, flooded, calm);
  const throughputs = each(pairs, ({ answered, seconds }) => answered / seconds);
  const latencies = each(pairs, ({ p99 }) => p99);
  return {
    throughput: ratio(throughputs, formatPerSecond),
    p99: ratio(latencies, (value) => `${value.toFixed(1)} ms`),
  };
}

/** How many passwords the cores can hash a second: the best of three, for whatever else the machine does only slows it. */
async function capacity({ password, hash }: Accounts, quiet: Quiet): Promise<number> {
  await using hashing = new Hashing(password, hash);
  await hashing.run(1);
  const found: number[] = [];
  while (found.length < 3) {
    await quiet.wait();
    found.push(await hashing.run(3));
  }
  return Math.max(...found);
}

function each(pairs: readonly Pair<Outcome>[], value: (outcome: Outcome) => number): Pair<number>[] {
  return pairs.map(({ ours, theirs }) => ({ ours: value(ours), theirs: value(theirs) }));
}
