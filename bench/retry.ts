import { availableParallelism } from "node:os";
import type { Accounts } from "./accounts.ts";
import { type Figure, formatPerSecond, ratio } from "./figure.ts";
import { Generator } from "./generator.ts";
import { Hashing } from "./hashing.ts";
import type { Quiet } from "./quiet.ts";
import { alternate } from "./rounds.ts";
import { startOnDatabase } from "./service.ts";

const rounds = 3;
const seconds = 6;
/** Hashes in a round, on each core. */
const times = 10;

/** Logins a second of one network that asks again as soon as it is refused, against what the same cores hash. */
export async function measureRetry(accounts: Accounts, quiet: Quiet): Promise<Figure[]> {
  await using service = await startOnDatabase(await accounts.copy("retry.db"));
  await using hashing = new Hashing(accounts.password, accounts.hash);
  using generator = new Generator();
  const throughput = async (connections: number, seconds: number) => {
    const load = { port: service.port, requests: accounts.logIns, connections, seconds };
    const { answered, statuses, ...outcome } = await generator.run(load);
    const loggedIn = statuses[200] ?? 0;
    if (loggedIn + (statuses[503] ?? 0) < answered) throw new Error(`logins failed: ${JSON.stringify(statuses)}`);
    return loggedIn / outcome.seconds;
  };
  await hashing.run(1);
  await throughput(2 * availableParallelism(), 1);
  const figures: Figure[] = [];
  for (const connections of [16, 64]) {
    const pairs = await alternate(
      quiet,
      rounds,
      () => throughput(connections, seconds),
      () => hashing.run(times),
    );
    const name = `logins of one network that retries at once, ${connections} connections, of what the cores can hash`;
    figures.push({ name, atLeast: 0.9, ...ratio(pairs, formatPerSecond) });
  }
  return figures;
}
