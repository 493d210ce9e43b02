/** What is not said of a row in a table. */
const nothing = "–";

/** Text that was stored, as it may be shown: nothing in it moves a terminal's cursor, or looks like a line of its own. */
export function plain(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
}

/** Rows under their columns' names, for people. */
export function table(rows: readonly Readonly<Record<string, string | number | null>>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => names.map((name) => plain(String(row[name] ?? nothing))));
  const widths = names.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ");
  return [names, ...cells].map((row) => line(row).trimEnd()).join("\n");
}

/** One JSON document on a line, for programs. What could move a terminal's cursor is escaped. */
export function json(value: unknown): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (text) => text.split("").map(escaped).join(""));
}

/** A time for people: UTC, to the second. */
export function moment(time: number | string | null): string | null {
  return time === null ? null : new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}
