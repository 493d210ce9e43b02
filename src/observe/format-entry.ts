import { styleText } from "node:util";

interface Entry {
  readonly time: string;
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

const colors = { debug: "gray", info: "green", warn: "yellow", error: "red", fatal: "red" } as const;

/** Formats a line such as `12:00:00 info  listening url=http://localhost:5000`; each item of an array gets its own line. */
export function formatEntry({ time, level, msg, event: _, ...fields }: Entry): string {
  const color = colors[level as keyof typeof colors] ?? "gray";
  const inline: string[] = [];
  const below: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (Array.isArray(value)) below.push(...value.map((item) => `    ${escapeControls(item)}\n`));
    else if (name === "err") below.push(`    ${escapeControls((value as { stack?: string }).stack)}\n`);
    else inline.push(styleText("gray", `${name}=`) + escapeControls(value));
  }
  const head = [
    styleText("gray", time.slice(11, 19)),
    styleText(color, level.padEnd(5)),
    escapeControls(msg),
    ...inline,
  ];
  return `${head.join(" ")}\n${below.join("")}`;
}

/** Escapes control characters, so that logged values cannot move the terminal's cursor or look like further log lines. */
function escapeControls(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (text ?? "").replace(/[^\P{C}\n]/gu, "?").replaceAll("\n", "\n    ");
}
