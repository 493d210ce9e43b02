import { availableParallelism } from "node:os";
import type { Accounts } from "./accounts.ts";
import { compareRates, type Figure, formatPerSecond } from "./figure.ts";
import { HashThreads } from "./hash-threads.ts";
import { LoadGenerator } from "./load-generator.ts";
import type { Machine } from "./machine.ts";
import { alternate } from "./rounds.ts";
import { startOnDatabase } from "./service.ts";

const rounds = 7;
/** Hashes per core and round. Enough that the core that finishes last hardly affects the rate. */
const hashesPerCore = 10;
/** Seconds after which a round fails. */
const seconds = 30;

/** Compares logins per second with the hashes per second of the same cores without a service. */
export async function measureLogIn(accounts: Accounts, machine: Machine): Promise<Figure[]> {
  await using service = await startOnDatabase(await accounts.copyDatabase("log-in.db"));
  await using hashThreads = new HashThreads(accounts.password, accounts.hash);
  using generator = new LoadGenerator();
  const cores = availableParallelism();
  const throughput = async (count: number) => {
    // Two connections per core, so that one login waits while another is hashed. The hash queue has room for more.
    const load = { port: service.port, requests: accounts.logInRequests, connections: 2 * cores, seconds, count };
    const { statuses, ...result } = await generator.run(load);
    if (statuses[200] !== count) throw new Error(`logins failed: ${JSON.stringify(statuses)}`);
    return count / result.seconds;
  };
  await hashThreads.run(1);
  await throughput(2 * cores);
  const pairs = await alternate(
    machine,
    rounds,
    () => throughput(hashesPerCore * cores),
    () => hashThreads.run(hashesPerCore),
  );
  return [
    { name: "logins, relative to what the cores can hash", atLeast: 0.95, ...compareRates(pairs, formatPerSecond) },
  ];
}
