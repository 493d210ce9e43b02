import type { Environment } from "../settings.ts";

/** One command of `bienvenue`. */
export interface Command {
  /** What it does, in a line of `--help`. */
  readonly summary: string;
  /** Its words after its name. */
  readonly usage: string;
  /**
   * Runs it.
   *
   * @throws {UsageError} when the words are not those of its usage
   */
  run(args: string[], environment: Environment): Promise<void>;
}

/** Thrown for words that a command does not know. */
export class UsageError extends Error {
  override name = "UsageError";
}
