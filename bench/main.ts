import { cpus } from "node:os";
import { temporaryFolder } from "../test/support/service.ts";
import { createAccounts } from "./accounts.ts";
import { measureCopy } from "./copy.ts";
import type { Figure } from "./figure.ts";
import { measureCheapFlood, measureFlood } from "./flood.ts";
import { measureLogIn } from "./log-in.ts";
import { measurePostgres } from "./postgres.ts";
import { measureProfile } from "./profile.ts";
import { Quiet } from "./quiet.ts";
import { measureRetry } from "./retry.ts";
import { measureStart } from "./start.ts";
import { formatSummary, formatTable } from "./table.ts";

// What is measured is told, and a target that is missed too: only a bench that cannot measure fails.
await using folder = await temporaryFolder();
const accounts = await createAccounts(folder.path);
const quiet = new Quiet();
const began = performance.now();
const figures: Figure[] = [];
for (const [what, measure] of [
  ["/profile", measureProfile],
  ["logins", measureLogIn],
  ["logins of one network that retries at once", measureRetry],
  ["/profile while logins flood", measureFlood],
  ["/profile while cheap logins flood", measureCheapFlood],
  ["start", measureStart],
  ["/profile on PostgreSQL", measurePostgres],
  ["copies", measureCopy],
] as const) {
  console.error(`measuring ${what} …`);
  figures.push(...(await measure(accounts, quiet)));
}
const minutes = (performance.now() - began) / 60_000;
console.log(
  `\nNode ${process.versions.node}, ${cpus().length} cores: ${cpus()[0]?.model}, ${minutes.toFixed(1)} minutes\n`,
);
console.log(`${formatTable(figures)}\n\n${formatSummary(figures)}`);
if (quiet.disturbed > 0) {
  console.log(`${quiet.disturbed} rounds began while the machine had other work: measure again when it has none.`);
}
