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
  // Replaces pino's own destination: if the reader of a pipe has exited, that retries forever at process exit.
  const { stdout } = process;
  if (stdout.listenerCount("error") === 0) stdout.on("error", () => {});
  return pino(options, { write: (line) => stdout.write(stdout.isTTY ? formatEntry(JSON.parse(line)) : line) });
}
