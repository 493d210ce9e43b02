import { cpus } from "node:os";
import { temporaryFolder } from "../test/support/service.ts";
import { copy } from "./copy.ts";
import type { Figure } from "./figure.ts";
import { cheapFlood, flood } from "./flood.ts";
import { logIn } from "./log-in.ts";
import { settle } from "./people.ts";
import { postgres } from "./postgres.ts";
import { profile } from "./profile.ts";
import { Quiet } from "./quiet.ts";
import { retry } from "./retry.ts";
import { start } from "./start.ts";
import { summary, table } from "./table.ts";

// What is measured is told, and a target that is missed too: only a bench that cannot measure fails.
await using folder = await temporaryFolder();
const people = await settle(folder.path);
const quiet = new Quiet();
const began = performance.now();
const figures: Figure[] = [];
for (const [what, measure] of [
  ["/profile", profile],
  ["logins", logIn],
  ["logins of one network that retries at once", retry],
  ["/profile while logins flood", flood],
  ["/profile while cheap logins flood", cheapFlood],
  ["start", start],
  ["/profile on PostgreSQL", postgres],
  ["copies", copy],
] as const) {
  console.error(`measuring ${what} …`);
  figures.push(...(await measure(people, quiet)));
}
const minutes = (performance.now() - began) / 60_000;
console.log(
  `\nNode ${process.versions.node}, ${cpus().length} cores: ${cpus()[0]?.model}, ${minutes.toFixed(1)} minutes\n`,
);
console.log(`${table(figures)}\n\n${summary(figures)}`);
if (quiet.disturbed > 0) {
  console.log(`${quiet.disturbed} rounds began while the machine had other work: measure again when it has none.`);
}
