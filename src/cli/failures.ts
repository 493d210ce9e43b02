/** Thrown when a command cannot do what it was asked to do and has changed nothing. */
export class CommandFailure extends Error {
  override name = "CommandFailure";
}

/** Thrown when a command has done a part of its work. It has printed what it left out, and why. */
export class PartialFailure extends Error {
  override name = "PartialFailure";
}
