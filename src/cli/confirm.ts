import { CommandFailure } from "./failures.ts";

/**
 * Asks for confirmation at the terminal. The end of input and Ctrl+C mean no.
 *
 * @throws {CommandFailure} if standard input is not a terminal
 */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new CommandFailure("this cannot be undone; confirm it with --yes");
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const controller = new AbortController();
  terminal.once("close", () => controller.abort());
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal: controller.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if ((error as Error).name === "AbortError") return false;
    throw error;
  } finally {
    terminal.close();
  }
}
