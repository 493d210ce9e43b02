import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import type { Environment } from "../settings/settings.ts";
import { declareAdopt } from "./adopt.ts";
import { declareBackup, declareRestore } from "./backup.ts";
import { declareCopy } from "./copy.ts";
import { declareEvents } from "./events.ts";
import { declareExport } from "./export.ts";
import { sanitize } from "./format.ts";
import { declareImport } from "./import.ts";
import { declareMail } from "./mail.ts";
import { declareMigrate } from "./migrate.ts";
import { printError, warnOfMisspelledSettings } from "./print-error.ts";
import { declareUsers } from "./users.ts";

/** All commands, in the order of the help. A command loads its dependencies when it runs. */
const declarations = [
  declareUsers,
  declareEvents,
  declareMail,
  declareBackup,
  declareRestore,
  declareCopy,
  declareMigrate,
  declareImport,
  declareExport,
  declareAdopt,
];

/** The exit code of a wrong call. Commander uses 1, which here means that a command failed. */
const usageExitCode = 2;

/** Runs the command that the arguments name. A wrong call is reported on standard error and sets the exit code to 2. */
export async function runCommand(args: readonly string[], environment: Environment): Promise<void> {
  const program = new Command("bienvenue")
    .usage("[command]")
    .description("Without a command, run the authentication service")
    .version(readVersion(), "-V, --version", "Print the version")
    .helpOption("-h, --help", "Print help")
    .helpCommand("help [command]", "Print help for a command")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: printUsageError })
    .hook("preAction", () => warnOfMisspelledSettings(environment));
  for (const declare of declarations) declare(program, environment);
  pointToHelp(program, "bienvenue");
  const words = normalizeHelp(program, args);
  if (words[0] === "--help") {
    const { describeSettings } = await import("../settings/settings.ts");
    program.addHelpText("after", `\nSettings (environment variables):\n\n${describeSettings()}`);
  }
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) process.exitCode = usageExitCode;
  }
}

function readVersion(): string {
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}

/** Prints a usage error without URLs, which may hold a password. */
function printUsageError(message: string): void {
  const text = message
    .trimEnd()
    .replace(/^error: /, "")
    .replace(/\n(?=\(Did you mean )/, " ")
    .replace(/:\/\/\S*?('?)(?=\s|$)/g, "://…$1");
  printError(sanitize(text));
}

/** Makes a command's usage errors say how to get its help. */
function pointToHelp(command: Command, path: string): void {
  command.showHelpAfterError(`See ${path} --help`);
  for (const subcommand of command.commands) pointToHelp(subcommand, `${path} ${subcommand.name()}`);
}

/**
 * Rewrites a request for help, anywhere before `--`, to `COMMAND --help`. So `help users list` works, and another wrong argument does
 * not hide the help. Returns only the path up to an unknown command: with `--help` after it, commander would print the parent's help.
 */
function normalizeHelp(program: Command, args: readonly string[]): string[] {
  const rest = [...args];
  const path: string[] = [];
  let command: Command | undefined = program;
  let isHelp = false;
  while (command && command.commands.length > 0) {
    const word = rest[0];
    if (word === undefined) break;
    if (isHelpWord(word)) isHelp = true;
    else if (word.startsWith("-")) break;
    else {
      command = command.commands.find((subcommand) => subcommand.name() === word);
      path.push(word);
    }
    rest.shift();
  }
  if (!command) return path;
  const end = rest.indexOf("--");
  if (isHelp || rest.slice(0, end === -1 ? rest.length : end).some(isHelpOption)) return [...path, "--help"];
  return [...path, ...rest];
}

function isHelpWord(word: string): boolean {
  return word === "help" || isHelpOption(word);
}

function isHelpOption(word: string): boolean {
  return word === "--help" || word === "-h";
}
