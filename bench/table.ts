import { styleText } from "node:util";
import type { Figure } from "./figure.ts";

const head = ["figure", "measured", "target", "holds", "from"];

/** The figures, a line each. */
export function formatTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [figure.name, measured(figure), target(figure), verdict(figure), figure.from]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const rule = widths.map((width) => "-".repeat(width));
  return [head, rule, ...rows]
    .map((row) => row.map((cell, column) => coloured(cell, cell.padEnd(widths[column] ?? 0))).join("  "))
    .join("\n");
}

/** All of them in a sentence. */
export function formatSummary(figures: readonly Figure[]): string {
  const missed = figures.filter((figure) => holds(figure) === false).map((figure) => figure.name);
  return missed.length === 0 ? "Every target is met." : `MISSED: ${missed.join("; ")}.`;
}

/** Whether it meets its target; undefined when it has none, or could not be measured. */
function holds({ value, atLeast = Number.NEGATIVE_INFINITY, atMost }: Figure): boolean | undefined {
  if (Number.isNaN(value) || (atMost === undefined && !Number.isFinite(atLeast))) return undefined;
  return value >= atLeast && value <= (atMost ?? Number.POSITIVE_INFINITY);
}

function measured({ value, unit }: Figure): string {
  if (Number.isNaN(value)) return "unknown";
  const whole = unit === "MB" || unit === "rows/s";
  return withUnit(whole ? Math.round(value).toLocaleString("en") : value.toFixed(2), unit);
}

function target({ atLeast, atMost, unit }: Figure): string {
  if (atLeast !== undefined) return `at least ${withUnit(atLeast.toLocaleString("en"), unit)}`;
  return atMost === undefined ? "none" : `at most ${withUnit(atMost, unit)}`;
}

function withUnit(value: string | number, unit: string | undefined): string {
  return unit ? `${value} ${unit}` : String(value);
}

function verdict(figure: Figure): string {
  return { true: "yes", false: "MISSED", undefined: "" }[String(holds(figure)) as "true" | "false" | "undefined"];
}

function coloured(cell: string, padded: string): string {
  if (cell === "yes") return styleText("green", padded);
  return cell === "MISSED" ? styleText("red", padded) : padded;
}
