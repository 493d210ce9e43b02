import { styleText } from "node:util";
import { type Logger, pino } from "pino";

/** A logger to standard output: lines for people in a terminal, JSON for programs everywhere else. */
export function createLogger(level: string): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // Not pino's own destination: when whoever read the log is gone, it tries again for ever as the process exits.
  const { stdout } = process;
  if (stdout.listenerCount("error") === 0) stdout.on("error", () => {});
  return pino(options, { write: (line) => stdout.write(stdout.isTTY ? formatEntry(JSON.parse(line)) : line) });
}

interface Entry {
  readonly time: string;
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

const colors = { debug: "gray", info: "green", warn: "yellow", error: "red", fatal: "red" } as const;

/** `12:00:00 info  listening  url=http://localhost:5000`; a list has a line an item. */
export function formatEntry({ time, level, msg, event: _, ...fields }: Entry): string {
  const colour = colors[level as keyof typeof colors] ?? "gray";
  const inline: string[] = [];
  const below: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (Array.isArray(value)) below.push(...value.map((item) => `    ${escapeControls(item)}\n`));
    else if (name === "err") below.push(`    ${escapeControls((value as { stack?: string }).stack)}\n`);
    else inline.push(styleText("gray", `${name}=`) + escapeControls(value));
  }
  const head = [
    styleText("gray", time.slice(11, 19)),
    styleText(colour, level.padEnd(5)),
    escapeControls(msg),
    ...inline,
  ];
  return `${head.join(" ")}\n${below.join("")}`;
}

/** Nothing that was logged can move a terminal's cursor, or look like a line of its own. */
function escapeControls(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (text ?? "").replace(/[^\P{C}\n]/gu, "?").replaceAll("\n", "\n    ");
}
