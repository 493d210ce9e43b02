import { relative } from "node:path";
import { Readable } from "node:stream";
import { spec, type TestEvent } from "node:test/reporters";

/** How many of the slowest files are printed. */
const shown = 10;

/**
 * Prints what Node's own reporter does and, after it, the slowest files and how much of `src/` the tests covered: the totals
 * instead of a table of each file. Services that run as processes of their own are not counted.
 */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files: { readonly file: string; readonly duration: number }[] = [];
  let coverage = "";
  async function* own(): AsyncGenerator<TestEvent> {
    for await (const event of events) {
      if (event.type === "test:coverage") coverage = totals(event.data.summary.totals);
      else yield event;
      if (event.type === "test:summary" && event.data.file !== undefined)
        files.push({ file: relative(process.cwd(), event.data.file), duration: event.data.duration_ms });
    }
  }
  yield* Readable.from(own()).compose(new spec());
  if (files.length > 1) yield `ℹ slowest files\n${slowest(files)}`;
  yield coverage;
}

function slowest(files: readonly { readonly file: string; readonly duration: number }[]): string {
  const first = files.toSorted((a, b) => b.duration - a.duration).slice(0, shown);
  return first.map(({ file, duration }) => `ℹ ${(duration / 1000).toFixed(1).padStart(6)} s  ${file}\n`).join("");
}

type Totals = Extract<TestEvent, { type: "test:coverage" }>["data"]["summary"]["totals"];

function totals({ coveredLinePercent: lines, coveredBranchPercent: branches }: Totals): string {
  // V8 counts no branches in functions that it takes from the compile cache.
  const about = process.env.NODE_DISABLE_COMPILE_CACHE ? "" : "about ";
  return `ℹ lines covered ${about}${lines.toFixed(1)} %\nℹ branches covered ${about}${branches.toFixed(1)} %\n`;
}
