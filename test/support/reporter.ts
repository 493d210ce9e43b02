import { relative } from "node:path";
import { Readable } from "node:stream";
import { spec, type TestEvent } from "node:test/reporters";
import { fileURLToPath } from "node:url";

/** The folder of the files that run several test files in one process. */
const shared = fileURLToPath(new URL("../all/", import.meta.url));

/** The number of slowest files to print. */
const slowestCount = 10;

/**
 * Prints the output of Node's spec reporter, then the slowest files and the total coverage of `src/`, without the table of all
 * files. The coverage does not include services in separate processes.
 */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const durations = new Durations();
  let coverage = "";
  async function* own(): AsyncGenerator<TestEvent> {
    for await (const event of events) {
      if (event.type === "test:coverage") coverage = formatTotals(event.data.summary.totals);
      else if (!durations.record(event)) yield event;
    }
  }
  yield* Readable.from(own()).compose(new spec());
  yield durations.formatSlowest();
  yield coverage;
}

/** The duration of each test file in milliseconds: of its process or, if files share a process, of its tests. */
class Durations {
  readonly #files = new Map<string, number>();
  #last = 0;

  /** Adds the duration that the event reports. Returns true if no other reporter needs the event. */
  record({ type, data }: TestEvent): boolean {
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

  formatSlowest(): string {
    if (this.#files.size < 2) return "";
    const slowest = [...this.#files].toSorted(([, a], [, b]) => b - a).slice(0, slowestCount);
    const lines = slowest.map(
      ([file, duration]) => `ℹ ${(duration / 1000).toFixed(1).padStart(6)} s  ${relative(process.cwd(), file)}\n`,
    );
    return `ℹ slowest files\n${lines.join("")}`;
  }
}

type Totals = Extract<TestEvent, { type: "test:coverage" }>["data"]["summary"]["totals"];

function formatTotals({ coveredLinePercent: lines, coveredBranchPercent: branches }: Totals): string {
  // V8 does not count branches in functions from the compile cache.
  const about = process.env.NODE_DISABLE_COMPILE_CACHE ? "" : "about ";
  return `ℹ lines covered ${about}${lines.toFixed(1)} %\nℹ branches covered ${about}${branches.toFixed(1)} %\n`;
}
