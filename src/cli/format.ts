/** Stands for a missing value in a table. */
const noValue = "–";

/**
 * Replaces control characters, invisible characters and line ends with "?". Stored text comes from clients, and could move the
 * terminal's cursor or forge a line.
 */
export function sanitize(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
}

/** Formats rows as a table with a header line. */
export function formatTable(rows: readonly Readonly<Record<string, string | number | null>>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => names.map((name) => sanitize(String(row[name] ?? noValue))));
  const widths = names.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ");
  return [names, ...cells].map((row) => line(row).trimEnd()).join("\n");
}

/** Formats a JSON document on one line. Characters that `sanitize` replaces are escaped instead, so programs get the exact text. */
export function formatJson(value: unknown): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (text) => text.split("").map(escaped).join(""));
}

/** Formats a time in UTC, to the second. */
export function formatTime(time: number | string): string;
export function formatTime(time: number | string | null): string | null;
export function formatTime(time: number | string | null): string | null {
  return time === null ? null : new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}
