import { relative } from "node:path";
import { Readable } from "node:stream";
import { spec, type TestEvent } from "node:test/reporters";
import { fileURLToPath } from "node:url";

/** The files that let others share their process. */
const shared = fileURLToPath(new URL("../all/", import.meta.url));

/** How many of the slowest files are printed. */
const shown = 10;

/**
 * Prints what Node's own reporter does and, after it, the slowest files and how much of `src/` the tests covered: the totals
 * instead of a table of each file. Services that run as processes of their own are not counted.
 */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const durations = new Durations();
  let coverage = "";
  async function* own(): AsyncGenerator<TestEvent> {
    for await (const event of events) {
      if (event.type === "test:coverage") coverage = totals(event.data.summary.totals);
      else if (!durations.take(event)) yield event;
    }
  }
  yield* Readable.from(own()).compose(new spec());
  yield durations.slowest();
  yield coverage;
}

/** How long each file of tests took, in milliseconds: its process or, where files share one, its tests. */
class Durations {
  readonly #files = new Map<string, number>();
  #last = 0;

  /** Returns true if the event was for this alone. */
  take({ type, data }: TestEvent): boolean {
    if (type === "test:summary" && data.file !== undefined && !data.file.startsWith(shared))
      this.#files.set(data.file, data.duration_ms);
    if ((type === "test:pass" || type === "test:fail") && data.nesting === 0) {
      this.#last = data.details.duration_ms;
      this.#add(data.file);
    }
    const isFile = type === "test:diagnostic" && data.message.endsWith(".test.ts");
    // Tests of a suite count as part of it.
    if (isFile && data.nesting === 0) this.#add(data.message);
    return isFile;
  }

  #add(file = ""): void {
    if (file.endsWith(".test.ts")) this.#files.set(file, (this.#files.get(file) ?? 0) + this.#last);
  }

  slowest(): string {
    if (this.#files.size < 2) return "";
    const first = [...this.#files].toSorted(([, a], [, b]) => b - a).slice(0, shown);
    const lines = first.map(
      ([file, duration]) => `ℹ ${(duration / 1000).toFixed(1).padStart(6)} s  ${relative(process.cwd(), file)}\n`,
    );
    return `ℹ slowest files\n${lines.join("")}`;
  }
}

type Totals = Extract<TestEvent, { type: "test:coverage" }>["data"]["summary"]["totals"];

function totals({ coveredLinePercent: lines, coveredBranchPercent: branches }: Totals): string {
  // V8 counts no branches in functions that it takes from the compile cache.
  const about = process.env.NODE_DISABLE_COMPILE_CACHE ? "" : "about ";
  return `ℹ lines covered ${about}${lines.toFixed(1)} %\nℹ branches covered ${about}${branches.toFixed(1)} %\n`;
}
