import { readFileSync } from "node:fs";
import { AuthError, DatabaseUnavailable, InvalidRequestError, OpenError } from "../errors.ts";
import { writeFailure } from "../files/faults.ts";
import { ListenError } from "../http/listen-error.ts";
import { MailError } from "../mail/mail-error.ts";
import type { Environment } from "../settings/settings.ts";
import { SettingsError } from "../settings/settings-error.ts";
import { type Command, Incomplete, Refused, UsageError } from "./command.ts";
import { Interrupted } from "./interruptible.ts";
import { plain } from "./table.ts";

/** Every command, and the file that holds it: it is loaded when it is called. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  migrate: async () => (await import("./migrate.ts")).migrate,
  copy: async () => (await import("./copy.ts")).copy,
  import: async () => (await import("./import.ts")).importAccounts,
  export: async () => (await import("./export.ts")).exportAccounts,
  adopt: async () => (await import("./adopt.ts")).adopt,
  backup: async () => (await import("./backup.ts")).backup,
  restore: async () => (await import("./backup.ts")).restore,
  mail: async () => (await import("./mail.ts")).mail,
  users: async () => (await import("./users.ts")).users,
  events: async () => (await import("./audit.ts")).events,
};

const helpWords = ["help", "--help", "-h"];

/**
 * Loads the service, or the command that is named, and returns what runs it: a command loads nothing of the service, and the
 * service has its handlers for signals as soon as it is called.
 *
 * @param args what follows the name `bienvenue`
 */
export async function load(args: readonly string[]): Promise<(environment: Environment) => Promise<void>> {
  const [name, ...rest] = args;
  if (name !== undefined) return (environment) => reportErrors(runCommand(name, rest, environment));
  const { main } = await import("../main.ts");
  return (environment) => reportErrors(main(environment), environment);
}

/** @param environment of the service, which logs misspelled settings itself unless it cannot read them */
async function reportErrors(running: Promise<void>, environment?: Environment): Promise<void> {
  try {
    await running;
  } catch (error) {
    if (error instanceof Interrupted) process.kill(process.pid, error.signal);
    if (environment && error instanceof SettingsError) await warnOfMisspelled(environment);
    fail(explain(error));
  }
}

async function warnOfMisspelled(environment: Environment): Promise<void> {
  const { findMisspelledSettings } = await import("../settings/settings.ts");
  for (const { message } of findMisspelledSettings(environment)) console.error(`bienvenue: ${message}`);
}

/** Prints a failure on standard error, without control characters, and sets the exit code. */
function fail(why: string): void {
  console.error(`bienvenue: ${why.split("\n").map(plain).join("\n")}`);
  process.exitCode = 1;
}

/** Output that cannot be written is a failure, since it may be all that was asked for. A reader that stops early is not. */
function failToPrint(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") fail(writeFailure("cannot write to standard output")(error).message);
}

async function runCommand(name: string, args: string[], environment: Environment): Promise<void> {
  process.stdout.once("error", failToPrint).on("error", () => {});
  if (helpWords.includes(name)) return console.log(await help(args.find((arg) => !helpWords.includes(arg))));
  if (name === "--version") {
    if (args[0] !== undefined) throw unknown(args[0]);
    return console.log(version());
  }
  const command = await find(name);
  if (asksForHelp(args)) return console.log(helpOf(command));
  await warnOfMisspelled(environment);
  try {
    await command.run(args, environment);
  } catch (error) {
    const misused = error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
    throw misused ? new UsageError(`usage: bienvenue ${command.usage}`) : error;
  }
}

/** @throws {UsageError} for a name that no command has */
async function find(name: string): Promise<Command> {
  const command = Object.hasOwn(commands, name) ? await commands[name]?.() : undefined;
  if (command) return command;
  throw unknown(name);
}

function unknown(argument: string): UsageError {
  return new UsageError(`unknown argument ${argument || '""'}; bienvenue --help tells what there is`);
}

/** Looks before `--` only: what follows it is not an option. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end === -1 ? args : args.slice(0, end)).some((arg) => arg === "--help" || arg === "-h");
}

function helpOf({ usage, summary }: Command): string {
  return `Usage:\n  bienvenue ${usage}\n\n${summary}`;
}

/** The help of one command, or of all. */
async function help(name?: string): Promise<string> {
  if (name !== undefined) return helpOf(await find(name));
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const { describeSettings } = await import("../settings/settings.ts");
  const lines = all.map(({ usage, summary }) => `  bienvenue ${usage}\n      ${summary}`);
  return [
    "Usage:\n  bienvenue\n      run the authentication service",
    ...lines,
    "  bienvenue --help, COMMAND --help, --version",
    `\nIts settings are environment variables:\n\n${describeSettings()}`,
  ].join("\n");
}

function version(): string {
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}

/** One line for what the user can fix; a stack for what only developers can. */
function explain(error: unknown): string {
  if (error instanceof MailError) return error.inFull();
  const refusals = [UsageError, Refused, Incomplete, Interrupted, AuthError, InvalidRequestError];
  const mendable = [SettingsError, OpenError, ListenError, DatabaseUnavailable, ...refusals];
  if (mendable.some((kind) => error instanceof kind)) return (error as Error).message;
  if (!(error instanceof Error)) return String(error);
  // A system error is not a fault of the program, so its message is enough.
  return (error as NodeJS.ErrnoException).syscall === undefined ? (error.stack ?? error.message) : error.message;
}
