import type { Pair } from "./rounds.ts";

/** One thing that was measured, and what it is to be. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** Ratios have none. */
  readonly unit?: "s" | "MB" | "rows/s";
  /** Without either it is told, and nothing is asked of it. */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** What it was made of. */
  readonly from: string;
}

/** The ratio of each pair, of which the median counts: a round that something disturbed is passed over. */
export function ratio(
  pairs: readonly Pair<number>[],
  written: (value: number) => string,
): Pick<Figure, "value" | "from"> {
  const ratios = pairs.map(({ ours, theirs }) => ours / theirs);
  const ours = written(median(pairs.map((pair) => pair.ours)));
  const theirs = written(median(pairs.map((pair) => pair.theirs)));
  return { value: median(ratios), from: `${ours} of ${theirs}, rounds ${formatRange(ratios)}` };
}

/** The middle one; of an even number the upper middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** The least and the most of them. */
export function formatRange(values: readonly number[], digits = 2): string {
  return `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
}

/** "12,345/s"; "8.1/s" where every one counts. */
export function formatPerSecond(value: number): string {
  return `${value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 1 : 0 })}/s`;
}
