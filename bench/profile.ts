import type { Service } from "../test/support/service.ts";
import type { Accounts } from "./accounts.ts";
import { compareRates, type Figure, formatPerSecond } from "./figure.ts";
import type { Load } from "./load.ts";
import { LoadGenerator } from "./load-generator.ts";
import type { Machine } from "./machine.ts";
import { readResidentMemory } from "./memory.ts";
import { alternate } from "./rounds.ts";
import { startOnDatabase } from "./service.ts";
import { type BareServer, startBareServer } from "./start-bare-server.ts";

const rounds = 11;
const seconds = 1;
/** Enough that the heap no longer grows. After four million requests, resident memory is the same. */
const minRequests = 1_500_000;
/** Seconds after which the remaining requests count as failed. */
const loadTimeout = 300;
/** Enough for V8 to compile the hot functions. */
const warmUpSeconds = 3;

/** Returns a load of 32 connections that request profiles without pauses. */
export function createProfileLoad({ profileRequests }: Accounts, port: number, seconds: number): Load {
  return { port, requests: profileRequests, connections: 32, seconds, busyWait: true };
}

/** Compares `/profile` with a bare node:http server, each in one process, and measures the service's memory afterwards. */
export async function measureProfile(accounts: Accounts, machine: Machine): Promise<Figure[]> {
  await using service = await startOnDatabase(await accounts.copyDatabase("profile.db"));
  using bare = await startBareServer(await accounts.copyDatabase("bare.db"), `${service.url}/profile`, accounts.cookie);
  const { requests, pairs } = await compareProfiles(accounts, machine, service, bare);
  const remaining = Math.max(0, minRequests - requests);
  if (remaining > 0) await loadProfiles(accounts, service.port, remaining);
  return [
    { name: "/profile, relative to a bare node:http server", atLeast: 0.8, ...compareRates(pairs, formatPerSecond) },
    {
      name: "resident memory after many requests",
      value: await readResidentMemory(service.process.pid),
      unit: "MB",
      atMost: 170,
      details: `${(requests + remaining).toLocaleString("en")} requests`,
    },
  ];
}

async function loadProfiles(accounts: Accounts, port: number, count: number): Promise<void> {
  using generator = new LoadGenerator();
  const { statuses } = await generator.run({ ...createProfileLoad(accounts, port, loadTimeout), count });
  if (statuses[200] !== count) throw new Error(`profile requests failed: ${JSON.stringify(statuses)}`);
}

/** Loads both servers in turn. Returns the profiles per second of each round, and the number of responses of the service. */
export async function compareProfiles(accounts: Accounts, machine: Machine, service: Service, bare: BareServer) {
  using generator = new LoadGenerator();
  let requests = 0;
  const throughput = async (port: number, seconds: number) => {
    const { responses, statuses, ...result } = await generator.run(createProfileLoad(accounts, port, seconds));
    if (statuses[200] !== responses) throw new Error(`profile requests failed: ${JSON.stringify(statuses)}`);
    if (port === service.port) requests += responses;
    return responses / result.seconds;
  };
  for (const { port } of [service, bare]) await throughput(port, warmUpSeconds);
  const pairs = await alternate(
    machine,
    rounds,
    () => throughput(service.port, seconds),
    () => throughput(bare.port, seconds),
  );
  return { requests, pairs };
}
