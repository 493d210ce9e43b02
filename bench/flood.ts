import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Accounts } from "./accounts.ts";
import { compareRates, type Figure, formatPerSecond } from "./figure.ts";
import { HashThreads } from "./hash-threads.ts";
import type { Load, LoadResult } from "./load.ts";
import { LoadGenerator } from "./load-generator.ts";
import type { Machine } from "./machine.ts";
import { createProfileLoad } from "./profile.ts";
import { alternate, type Pair } from "./rounds.ts";
import { startOnDatabase } from "./service.ts";

const rounds = 3;
/** Longer than the maximum wait in the hash queue, so that waiting logins are hashed within the round. */
const seconds = 6;
/** Seconds that the flood runs before and after the profile requests. */
const margin = 0.7;
/** Rate of the logins, relative to the rate that the cores can hash. */
const overload = 10;

/** Compares `/profile` during a flood of ten times as many logins as the cores can hash with `/profile` alone. */
export async function measureFlood(accounts: Accounts, machine: Machine): Promise<Figure[]> {
  await using service = await startOnDatabase(await accounts.copyDatabase("flood.db"));
  const rate = overload * (await measureHashRate(accounts, machine));
  // Enough connections that one is always idle when a login is due.
  const logins = { requests: accounts.logInRequests, connections: 32 * availableParallelism(), rate };
  const { throughput, p99 } = await compareWithFlood(accounts, machine, service.port, logins);
  const name = `/profile while ${formatPerSecond(rate)} logins arrive, relative to no logins`;
  return [
    { name: `${name}: throughput`, atLeast: 0.7, ...throughput },
    { name: `${name}: p99`, atMost: 2, ...p99 },
  ];
}

/** Compares `/profile` during 400 logins per second to unknown addresses at bcrypt cost 10 with `/profile` alone. */
export async function measureCheapFlood(accounts: Accounts, machine: Machine): Promise<Figure[]> {
  await using service = await startOnDatabase(await accounts.copyDatabase("cheap-flood.db"), "10");
  const requests = accounts.logInRequests.map((request) => request.replace("person", "nobody"));
  const { throughput } = await compareWithFlood(accounts, machine, service.port, {
    requests,
    connections: 800,
    rate: 400,
  });
  return [
    {
      name: "/profile while 400/s logins arrive at bcrypt cost 10, relative to no logins",
      atLeast: 0.7,
      ...throughput,
    },
  ];
}

/** Compares `/profile` while these logins arrive with `/profile` alone. */
async function compareWithFlood(
  accounts: Accounts,
  machine: Machine,
  port: number,
  logins: Pick<Load, "requests" | "connections" | "rate">,
) {
  using profileGenerator = new LoadGenerator();
  using logInGenerator = new LoadGenerator();
  const logInLoad = { ...logins, port, seconds: seconds + 2 * margin };
  const loadProfiles = () => profileGenerator.run(createProfileLoad(accounts, port, seconds));
  const loadProfilesInFlood = async () => {
    const flood = logInGenerator.run(logInLoad);
    await sleep(margin * 1000);
    const result = await loadProfiles();
    const { responses, statuses } = await flood;
    const hashed = (statuses[200] ?? 0) + (statuses[401] ?? 0);
    if (hashed + (statuses[503] ?? 0) < responses) throw new Error(`logins failed: ${JSON.stringify(statuses)}`);
    return result;
  };
  await loadProfiles();
  await loadProfilesInFlood();
  const pairs = await alternate(machine, rounds, loadProfilesInFlood, loadProfiles);
  const throughputs = mapPairs(pairs, ({ responses, seconds }) => responses / seconds);
  const latencies = mapPairs(pairs, ({ p99 }) => p99);
  return {
    throughput: compareRates(throughputs, formatPerSecond),
    p99: compareRates(latencies, (value) => `${value.toFixed(1)} ms`),
  };
}

/** Returns the passwords per second that the cores can hash, in the best of three runs. Other work can only slow a run down. */
async function measureHashRate({ password, hash }: Accounts, machine: Machine): Promise<number> {
  await using hashThreads = new HashThreads(password, hash);
  await hashThreads.run(1);
  const rates: number[] = [];
  while (rates.length < 3) {
    await machine.waitUntilIdle();
    rates.push(await hashThreads.run(3));
  }
  return Math.max(...rates);
}

function mapPairs(pairs: readonly Pair<LoadResult>[], value: (result: LoadResult) => number): Pair<number>[] {
  return pairs.map(({ subject, baseline }) => ({ subject: value(subject), baseline: value(baseline) }));
}
