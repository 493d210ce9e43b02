import { availableParallelism } from "node:os";
import type { Accounts } from "./accounts.ts";
import { compareRates, type Figure, formatPerSecond } from "./figure.ts";
import { HashThreads } from "./hash-threads.ts";
import { LoadGenerator } from "./load-generator.ts";
import type { Machine } from "./machine.ts";
import { alternate } from "./rounds.ts";
import { startOnDatabase } from "./service.ts";

const rounds = 3;
const seconds = 6;
/** Hashes per core and round. */
const hashesPerCore = 10;

/** Compares logins per second of one network that retries immediately after a 503 with hashes per second of the cores. */
export async function measureRetry(accounts: Accounts, machine: Machine): Promise<Figure[]> {
  await using service = await startOnDatabase(await accounts.copyDatabase("retry.db"));
  await using hashThreads = new HashThreads(accounts.password, accounts.hash);
  using generator = new LoadGenerator();
  const throughput = async (connections: number, seconds: number) => {
    const load = { port: service.port, requests: accounts.logInRequests, connections, seconds };
    const { responses, statuses, ...result } = await generator.run(load);
    const loggedIn = statuses[200] ?? 0;
    if (loggedIn + (statuses[503] ?? 0) < responses) throw new Error(`logins failed: ${JSON.stringify(statuses)}`);
    return loggedIn / result.seconds;
  };
  await hashThreads.run(1);
  await throughput(2 * availableParallelism(), 1);
  const figures: Figure[] = [];
  for (const connections of [16, 64]) {
    const pairs = await alternate(
      machine,
      rounds,
      () => throughput(connections, seconds),
      () => hashThreads.run(hashesPerCore),
    );
    const name = `logins of one network that retries immediately, ${connections} connections, relative to what the cores can hash`;
    figures.push({ name, atLeast: 0.9, ...compareRates(pairs, formatPerSecond) });
  }
  return figures;
}
