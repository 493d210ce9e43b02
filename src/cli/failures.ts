/** Thrown when a command fails without changing anything. */
export class CommandFailure extends Error {
  override name = "CommandFailure";
}

/** Thrown when a command has done only part of its work, and has printed what it left out and why. */
export class PartialFailure extends Error {
  override name = "PartialFailure";
}
