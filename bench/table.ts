import { styleText } from "node:util";
import type { Figure } from "./figure.ts";

const headings = ["figure", "measured", "target", "met", "details"];

/** Formats the figures as a table with one row per figure. */
export function formatTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    formatValue(figure),
    formatTarget(figure),
    formatVerdict(figure),
    figure.details,
  ]);
  const widths = headings.map((_, column) => Math.max(...[headings, ...rows].map((row) => row[column]?.length ?? 0)));
  const rule = widths.map((width) => "-".repeat(width));
  return [headings, rule, ...rows]
    .map((row) => row.map((cell, column) => colorCell(cell, cell.padEnd(widths[column] ?? 0))).join("  "))
    .join("\n");
}

/** Returns a sentence that names the figures that miss their target. */
export function formatSummary(figures: readonly Figure[]): string {
  const missed = figures.filter((figure) => isMet(figure) === false).map((figure) => figure.name);
  return missed.length === 0 ? "All targets are met." : `MISSED: ${missed.join("; ")}.`;
}

/** Returns undefined if the figure has no target or could not be measured. */
function isMet({ value, atLeast = Number.NEGATIVE_INFINITY, atMost }: Figure): boolean | undefined {
  if (Number.isNaN(value) || (atMost === undefined && !Number.isFinite(atLeast))) return undefined;
  return value >= atLeast && value <= (atMost ?? Number.POSITIVE_INFINITY);
}

function formatValue({ value, unit }: Figure): string {
  if (Number.isNaN(value)) return "unknown";
  const isInteger = unit === "MB" || unit === "rows/s";
  return addUnit(isInteger ? Math.round(value).toLocaleString("en") : value.toFixed(2), unit);
}

function formatTarget({ atLeast, atMost, unit }: Figure): string {
  if (atLeast !== undefined) return `at least ${addUnit(atLeast.toLocaleString("en"), unit)}`;
  return atMost === undefined ? "none" : `at most ${addUnit(atMost, unit)}`;
}

function addUnit(value: string | number, unit: string | undefined): string {
  return unit ? `${value} ${unit}` : String(value);
}

function formatVerdict(figure: Figure): string {
  return { true: "yes", false: "MISSED", undefined: "" }[String(isMet(figure)) as "true" | "false" | "undefined"];
}

function colorCell(cell: string, padded: string): string {
  if (cell === "yes") return styleText("green", padded);
  return cell === "MISSED" ? styleText("red", padded) : padded;
}
