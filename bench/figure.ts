import type { Pair } from "./rounds.ts";

/** A measured value and its target. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** A ratio has no unit. */
  readonly unit?: "s" | "MB" | "rows/s";
  /** The target. A figure without `atLeast` and `atMost` is only printed. */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** The numbers that the value is computed from. */
  readonly details: string;
}

/** Returns the median ratio of the pairs. Unlike the mean, it ignores a round that other work slowed down. */
export function compareRates(
  pairs: readonly Pair<number>[],
  format: (value: number) => string,
): Pick<Figure, "value" | "details"> {
  const ratios = pairs.map(({ subject, baseline }) => subject / baseline);
  const subject = format(median(pairs.map((pair) => pair.subject)));
  const baseline = format(median(pairs.map((pair) => pair.baseline)));
  return { value: median(ratios), details: `${subject} vs ${baseline}, rounds ${formatRange(ratios)}` };
}

/** Returns the middle value, or the higher of the two middle values. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Formats the minimum and the maximum. */
export function formatRange(values: readonly number[], digits = 2): string {
  return `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
}

/** Formats a rate: "12,345/s", or "8.1/s" below 100. */
export function formatPerSecond(value: number): string {
  return `${value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 1 : 0 })}/s`;
}
