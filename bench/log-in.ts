import { availableParallelism } from "node:os";
import type { Accounts } from "./accounts.ts";
import { type Figure, formatPerSecond, ratio } from "./figure.ts";
import { Generator } from "./generator.ts";
import { Hashing } from "./hashing.ts";
import type { Quiet } from "./quiet.ts";
import { alternate } from "./rounds.ts";
import { startOnDatabase } from "./service.ts";

const rounds = 7;
/** Hashes in a round, on each core: enough that it hardly matters which core ends last. */
const times = 10;
/** The longest that a round may take. */
const seconds = 30;

/** Logins a second against what the same cores hash when they have nothing else to do. */
export async function measureLogIn(accounts: Accounts, quiet: Quiet): Promise<Figure[]> {
  await using service = await startOnDatabase(await accounts.copy("log-in.db"));
  await using hashing = new Hashing(accounts.password, accounts.hash);
  using generator = new Generator();
  const cores = availableParallelism();
  const throughput = async (count: number) => {
    // Two for each core: one is hashed and the next one waits, which is less than the queue refuses.
    const load = { port: service.port, requests: accounts.logIns, connections: 2 * cores, seconds, count };
    const { statuses, ...outcome } = await generator.run(load);
    if (statuses[200] !== count) throw new Error(`logins were refused: ${JSON.stringify(statuses)}`);
    return count / outcome.seconds;
  };
  await hashing.run(1);
  await throughput(2 * cores);
  const pairs = await alternate(
    quiet,
    rounds,
    () => throughput(times * cores),
    () => hashing.run(times),
  );
  return [{ name: "logins, of what the cores can hash", atLeast: 0.95, ...ratio(pairs, formatPerSecond) }];
}
