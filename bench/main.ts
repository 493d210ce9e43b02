import { cpus } from "node:os";
import { createTemporaryFolder } from "../test/support/service.ts";
import { createAccounts } from "./accounts.ts";
import { measureCopy } from "./copy.ts";
import type { Figure } from "./figure.ts";
import { measureCheapFlood, measureFlood } from "./flood.ts";
import { measureLogIn } from "./log-in.ts";
import { Machine } from "./machine.ts";
import { measurePostgres } from "./postgres.ts";
import { measureProfile } from "./profile.ts";
import { measureRetry } from "./retry.ts";
import { measureStart } from "./start.ts";
import { formatSummary, formatTable } from "./table.ts";

// Prints all figures and exits with 0 even if a target is missed. Only an error in a measurement makes it fail.
await using folder = await createTemporaryFolder();
const accounts = await createAccounts(folder.path);
const machine = new Machine();
const began = performance.now();
const figures: Figure[] = [];
for (const [title, measure] of [
  ["/profile", measureProfile],
  ["logins", measureLogIn],
  ["logins of one network that retries immediately", measureRetry],
  ["/profile during a flood of logins", measureFlood],
  ["/profile during a flood of logins at bcrypt cost 10", measureCheapFlood],
  ["startup", measureStart],
  ["/profile on PostgreSQL", measurePostgres],
  ["copies", measureCopy],
] as const) {
  console.error(`measuring ${title} …`);
  figures.push(...(await measure(accounts, machine)));
}
const minutes = (performance.now() - began) / 60_000;
console.log(
  `\nNode ${process.versions.node}, ${cpus().length} cores: ${cpus()[0]?.model}, ${minutes.toFixed(1)} minutes\n`,
);
console.log(`${formatTable(figures)}\n\n${formatSummary(figures)}`);
if (machine.busyRounds > 0) {
  console.log(
    `${machine.busyRounds} rounds began on a busy machine. Run the benchmark again when the machine is idle.`,
  );
}
