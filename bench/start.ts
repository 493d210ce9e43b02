import { setTimeout as sleep } from "node:timers/promises";
import type { Accounts } from "./accounts.ts";
import { type Figure, formatRange, median } from "./figure.ts";
import type { Machine } from "./machine.ts";
import { readResidentMemory } from "./memory.ts";
import { startOnDatabase } from "./service.ts";

const starts = 7;

/** Measures the time from process start, with a new database, to the first response, and the memory one second later. */
export async function measureStart(accounts: Accounts, machine: Machine): Promise<Figure[]> {
  const samples: { seconds: number; memory: number }[] = [];
  for (let index = 0; index <= starts; index++) {
    await machine.waitUntilIdle();
    const began = performance.now();
    await using service = await startOnDatabase(accounts.newDatabaseUrl(`start-${index}.db`));
    await (await fetch(service.url)).text();
    const seconds = (performance.now() - began) / 1000;
    await sleep(1000);
    samples.push({ seconds, memory: await readResidentMemory(service.process.pid) });
  }
  // The first start also reads the program from disk and fills the compile cache.
  samples.shift();
  const seconds = samples.map((sample) => sample.seconds);
  const memory = samples.map((sample) => sample.memory);
  return [
    {
      name: "start to first response",
      value: median(seconds),
      unit: "s",
      atMost: 0.4,
      details: `${starts} starts, ${formatRange(seconds)}`,
    },
    {
      name: "resident memory one second after startup",
      value: median(memory),
      unit: "MB",
      atMost: 105,
      details: `${starts} starts, ${formatRange(memory, 0)}`,
    },
  ];
}
