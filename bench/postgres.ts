import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { openDB } from "../src/index.ts";
import { type PostgresServer, startPostgres } from "../test/support/postgres-server.ts";
import type { Accounts } from "./accounts.ts";
import { compareRates, type Figure, formatPerSecond, median } from "./figure.ts";
import { LoadGenerator } from "./load-generator.ts";
import type { Machine } from "./machine.ts";
import { compareProfiles, createProfileLoad } from "./profile.ts";
import { startOnDatabase } from "./service.ts";
import { startBareServer } from "./start-bare-server.ts";

const rounds = 5;
const seconds = 2;

/** Compares `/profile` on PostgreSQL with a bare server, and two nodes with one. */
export async function measurePostgres(accounts: Accounts, machine: Machine): Promise<Figure[]> {
  await using server = await startPostgres({ durable: true });
  {
    await using source = await openDB(await accounts.copyDatabase("postgres.db"));
    await using target = await openDB(server.url);
    await source.copyTo(target);
  }
  await using one = await startOnDatabase(server.url);
  using bare = await startBareServer(server.url, `${one.url}/profile`, accounts.cookie);
  const { pairs } = await compareProfiles(accounts, machine, one, bare);

  await using two = await startOnDatabase(server.url);
  using first = new LoadGenerator();
  using second = new LoadGenerator();
  const alone: number[] = [];
  const together: number[] = [];
  const databaseCores: number[] = [];
  const createLoad = (port: number) => ({ ...createProfileLoad(accounts, port, seconds), busyWait: false });
  for (let round = 0; round < rounds; round++) {
    await machine.waitUntilIdle();
    const { responses } = await first.run(createLoad(one.port));
    alone.push(responses / seconds);
    const before = readProcessorTime(server);
    const both = await Promise.all([first.run(createLoad(one.port)), second.run(createLoad(two.port))]);
    together.push(both.reduce((sum, result) => sum + result.responses, 0) / seconds);
    databaseCores.push((readProcessorTime(server) - before) / seconds);
  }
  return [
    {
      name: "/profile on PostgreSQL, relative to a bare server",
      atLeast: 0.7,
      ...compareRates(pairs, formatPerSecond),
    },
    {
      name: "two nodes on PostgreSQL, relative to one",
      value: median(together) / median(alone),
      details: `${formatPerSecond(median(together))} vs ${formatPerSecond(median(alone))}, database on ${median(databaseCores).toFixed(2)} cores`,
    },
  ];
}

/** Returns the processor time used so far by all child processes of the PostgreSQL server, in seconds. */
function readProcessorTime({ process: { pid } }: PostgresServer): number {
  const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" })
    .trim()
    .split(/\s+/);
  const ticks = children.map((child) => {
    const stat = readFileSync(`/proc/${child}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return Number(stat[11]) + Number(stat[12]);
  });
  return ticks.reduce((sum, time) => sum + time, 0) / 100;
}
