import type { Environment } from "../settings/settings.ts";

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

/** Thrown when a part of the work was left out. What and why has been printed. */
export class Incomplete extends Error {
  override name = "Incomplete";
}

/** Thrown when what was asked for is refused, not there, or so already: nothing was changed. */
export class Refused extends Error {
  override name = "Refused";
}
