import { setTimeout as sleep } from "node:timers/promises";
import type { Accounts } from "./accounts.ts";
import { type Figure, formatRange, median } from "./figure.ts";
import { readResidentMemory } from "./memory.ts";
import type { Quiet } from "./quiet.ts";
import { startOnDatabase } from "./service.ts";

const starts = 7;

/** From the start of the process, on a database that is not there yet, to its first answer; and its memory a second later. */
export async function measureStart(accounts: Accounts, quiet: Quiet): Promise<Figure[]> {
  const measured: { seconds: number; memory: number }[] = [];
  for (let index = 0; index <= starts; index++) {
    await quiet.wait();
    const began = performance.now();
    await using service = await startOnDatabase(accounts.fresh(`start-${index}.db`));
    await (await fetch(service.url)).text();
    const seconds = (performance.now() - began) / 1000;
    await sleep(1000);
    measured.push({ seconds, memory: await readResidentMemory(service.process.pid) });
  }
  // The first start reads the program from the disk, and compiles what an installation has compiled before.
  measured.shift();
  const seconds = measured.map((one) => one.seconds);
  const memory = measured.map((one) => one.memory);
  return [
    {
      name: "start to first answer",
      value: median(seconds),
      unit: "s",
      atMost: 0.4,
      from: `${starts} starts, ${formatRange(seconds)}`,
    },
    {
      name: "resident memory a second after the start",
      value: median(memory),
      unit: "MB",
      atMost: 105,
      from: `${starts} starts, ${formatRange(memory, 0)}`,
    },
  ];
}
