/** Formats a Markdown table. */
export function formatTable(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = [heads, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  lines.splice(1, 0, `|${"---|".repeat(heads.length)}`);
  return `${lines.join("\n")}\n`;
}
