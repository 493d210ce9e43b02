import { AuthError, DatabaseUnavailable, InvalidRequestError, OpenError } from "../errors.ts";
import { writeFailure } from "../files/faults.ts";
import { ListenError } from "../http/listen-error.ts";
import { MailError } from "../mail/mail-error.ts";
import type { Environment } from "../settings/settings.ts";
import { SettingsError } from "../settings/settings-error.ts";
import { CommandFailure, PartialFailure } from "./failures.ts";
import { Interrupted } from "./interruptible.ts";
import { printError, warnOfMisspelledSettings } from "./print-error.ts";

/**
 * Loads the service, or the commands if there are arguments, and returns the function that runs them. The service loads no command,
 * and installs its signal handlers as soon as the function is called.
 *
 * @param args the arguments after the program's name
 */
export async function load(args: readonly string[]): Promise<(environment: Environment) => Promise<void>> {
  if (args.length === 0) {
    const { main } = await import("../main.ts");
    return (environment) => reportErrors(main(environment), environment);
  }
  const { runCommand } = await import("./program.ts");
  return (environment) => {
    process.stdout.once("error", reportUnwritable).on("error", () => {});
    return reportErrors(runCommand(args, environment));
  };
}

/** @param environment for the service only: with invalid settings it has no log, so misspelled settings are printed here */
async function reportErrors(running: Promise<void>, environment?: Environment): Promise<void> {
  try {
    await running;
  } catch (error) {
    if (error instanceof Interrupted) process.kill(process.pid, error.signal);
    if (environment && error instanceof SettingsError) await warnOfMisspelledSettings(environment);
    fail(describe(error));
  }
}

function fail(message: string): void {
  printError(message);
  process.exitCode = 1;
}

/** Fails if output cannot be written, for example to a full disk, but not if its reader stops early. */
function reportUnwritable(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") fail(writeFailure("cannot write to standard output")(error).message);
}

/** Errors that an operator can fix, and whose message says how. */
const expectedErrors = [
  SettingsError,
  OpenError,
  ListenError,
  DatabaseUnavailable,
  CommandFailure,
  PartialFailure,
  Interrupted,
  AuthError,
  InvalidRequestError,
];

/** Returns the message of an expected error, and the stack of any other. */
function describe(error: unknown): string {
  if (error instanceof MailError) return error.fullMessage();
  if (!(error instanceof Error)) return String(error);
  const isSystemError = (error as NodeJS.ErrnoException).syscall !== undefined;
  if (isSystemError || expectedErrors.some((kind) => error instanceof kind)) return error.message;
  return error.stack ?? error.message;
}
