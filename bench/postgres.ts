import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { openDB } from "../src/index.ts";
import { type PostgresServer, startPostgres } from "../test/support/postgres-server.ts";
import type { Accounts } from "./accounts.ts";
import { startBare } from "./bare-server.ts";
import { type Figure, formatPerSecond, median, ratio } from "./figure.ts";
import { Generator } from "./generator.ts";
import { compare, profileLoad } from "./profile.ts";
import type { Quiet } from "./quiet.ts";
import { startOnDatabase } from "./service.ts";

const rounds = 5;
const seconds = 2;

/** What the service does on PostgreSQL: against the bare driver, and with a second node beside the first. */
export async function measurePostgres(accounts: Accounts, quiet: Quiet): Promise<Figure[]> {
  await using server = await startPostgres({ durable: true });
  {
    await using source = await openDB(await accounts.copy("postgres.db"));
    await using target = await openDB(server.url);
    await source.copyTo(target);
  }
  await using one = await startOnDatabase(server.url);
  using bare = await startBare(server.url, `${one.url}/profile`, accounts.cookie);
  const { pairs } = await compare(accounts, quiet, one, bare);

  await using two = await startOnDatabase(server.url);
  using first = new Generator();
  using second = new Generator();
  const alone: number[] = [];
  const together: number[] = [];
  const shares: number[] = [];
  const load = (port: number) => ({ ...profileLoad(accounts, port, seconds), awake: false });
  for (let round = 0; round < rounds; round++) {
    await quiet.wait();
    const { answered } = await first.run(load(one.port));
    alone.push(answered / seconds);
    const before = cpuSeconds(server);
    const both = await Promise.all([first.run(load(one.port)), second.run(load(two.port))]);
    together.push(both.reduce((sum, outcome) => sum + outcome.answered, 0) / seconds);
    shares.push((cpuSeconds(server) - before) / seconds);
  }
  return [
    { name: "/profile on PostgreSQL, of the bare driver", atLeast: 0.7, ...ratio(pairs, formatPerSecond) },
    {
      name: "two nodes on PostgreSQL, of one",
      value: median(together) / median(alone),
      from: `${formatPerSecond(median(together))} of ${formatPerSecond(median(alone))}, the database taking ${median(shares).toFixed(2)} cores`,
    },
  ];
}

/** The processor time that PostgreSQL and all its processes have taken, in seconds. */
function cpuSeconds({ process: { pid } }: PostgresServer): number {
  const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" })
    .trim()
    .split(/\s+/);
  const ticks = children.map((child) => {
    const stat = readFileSync(`/proc/${child}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return Number(stat[11]) + Number(stat[12]);
  });
  return ticks.reduce((sum, time) => sum + time, 0) / 100;
}
