import type { Service } from "../test/support/service.ts";
import type { Accounts } from "./accounts.ts";
import { type BareServer, startBare } from "./bare-server.ts";
import { type Figure, formatPerSecond, ratio } from "./figure.ts";
import { Generator } from "./generator.ts";
import type { Load } from "./load.ts";
import { readResidentMemory } from "./memory.ts";
import type { Quiet } from "./quiet.ts";
import { alternate } from "./rounds.ts";
import { startOnDatabase } from "./service.ts";

const rounds = 11;
const seconds = 1;
/** By then the heap has had several full collections and grows no more: four million requests end at the same figure. */
const enough = 1_500_000;
/** How long those may take, in seconds. */
const longest = 300;
/** Until what is hot has been compiled. */
const warmUp = 3;

/** People who look at their profile again as soon as they see it. */
export function profileLoad({ profiles }: Accounts, port: number, seconds: number): Load {
  return { port, requests: profiles, connections: 32, seconds, awake: true };
}

/** `/profile` against the least that node:http can answer it with, each in one process. */
export async function measureProfile(accounts: Accounts, quiet: Quiet): Promise<Figure[]> {
  await using service = await startOnDatabase(await accounts.copy("profile.db"));
  using bare = await startBare(await accounts.copy("bare.db"), `${service.url}/profile`, accounts.cookie);
  const { requests, pairs } = await compare(accounts, quiet, service, bare);
  const more = Math.max(0, enough - requests);
  if (more > 0) await load(accounts, service.port, more);
  return [
    { name: "/profile, of a bare node:http server", atLeast: 0.8, ...ratio(pairs, formatPerSecond) },
    {
      name: "resident memory after many requests",
      value: await readResidentMemory(service.process.pid),
      unit: "MB",
      atMost: 170,
      from: `${(requests + more).toLocaleString("en")} requests`,
    },
  ];
}

async function load(accounts: Accounts, port: number, count: number): Promise<void> {
  using generator = new Generator();
  const { statuses } = await generator.run({ ...profileLoad(accounts, port, longest), count });
  if (statuses[200] !== count) throw new Error(`profiles were refused: ${JSON.stringify(statuses)}`);
}

/** Loads the two in turn: the profiles a second of each round, and how many the service answered in all. */
export async function compare(accounts: Accounts, quiet: Quiet, service: Service, bare: BareServer) {
  using generator = new Generator();
  let requests = 0;
  const throughput = async (port: number, seconds: number) => {
    const { answered, statuses, ...outcome } = await generator.run(profileLoad(accounts, port, seconds));
    if (statuses[200] !== answered) throw new Error(`profiles were refused: ${JSON.stringify(statuses)}`);
    if (port === service.port) requests += answered;
    return answered / outcome.seconds;
  };
  for (const { port } of [service, bare]) await throughput(port, warmUp);
  const pairs = await alternate(
    quiet,
    rounds,
    () => throughput(service.port, seconds),
    () => throughput(bare.port, seconds),
  );
  return { requests, pairs };
}
