import { type Logger, pino } from "pino";
import { formatEntry } from "./format-entry.ts";

/** Creates a logger to standard output: formatted lines in a terminal, otherwise JSON. */
export function createLogger(level: string): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // Not pino's own destination: after the reader of a pipe exits, it would retry forever at process exit.
  const { stdout } = process;
  if (stdout.listenerCount("error") === 0) stdout.on("error", () => {});
  return pino(options, { write: (line) => stdout.write(stdout.isTTY ? formatEntry(JSON.parse(line)) : line) });
}
