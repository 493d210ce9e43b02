import { readFileSync } from "node:fs";
import { AuthError, DatabaseUnavailable, InvalidRequestError, OpenError } from "../errors.ts";
import { MailError } from "../mail/mail.ts";
import { main } from "../main.ts";
import { describeSettings, type Environment, misspeltSettings, SettingsError } from "../settings.ts";
import { type Command, Incomplete, Refused, UsageError } from "./command.ts";
import { Interrupted } from "./interruptible.ts";

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
  events: async () => (await import("./events.ts")).events,
};

/**
 * What `bienvenue` does: runs the service, or the command that is named.
 *
 * @param args what follows its name
 */
export async function cli(args: readonly string[], environment: Environment): Promise<void> {
  const [name, ...rest] = args;
  try {
    if (name === undefined) await main(environment);
    else if (name === "--help" || name === "-h") console.log(await help());
    else if (name === "--version") console.log(version());
    else await run(name, rest, environment);
  } catch (error) {
    if (error instanceof Interrupted) process.kill(process.pid, error.signal);
    // A service that starts says it in its log.
    if (name === undefined && error instanceof SettingsError) sayMisspelt(environment);
    console.error(`bienvenue: ${explain(error, environment)}`);
    process.exitCode = 1;
  }
}

function sayMisspelt(environment: Environment): void {
  for (const { message } of misspeltSettings(environment)) console.error(`bienvenue: ${message}`);
}

async function run(name: string, args: string[], environment: Environment): Promise<void> {
  const command = Object.hasOwn(commands, name) ? await commands[name]?.() : undefined;
  if (!command) throw new UsageError(`unknown argument ${name}; bienvenue --help tells what there is`);
  sayMisspelt(environment);
  try {
    await command.run(args, environment);
  } catch (error) {
    const misused = error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
    throw misused ? new UsageError(`usage: bienvenue ${command.usage}`) : error;
  }
}

async function help(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const lines = all.map(({ usage, summary }) => `  bienvenue ${usage}\n      ${summary}`);
  return [
    "Usage:\n  bienvenue\n      run the authentication service",
    ...lines,
    "  bienvenue --help, --version",
    `\nIts settings are environment variables:\n\n${describeSettings()}`,
  ].join("\n");
}

function version(): string {
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}

/** One line for what whoever starts it can mend; a stack for what only we can. */
function explain(error: unknown, { PORT = "5000", HOST = "0.0.0.0" }: Environment): string {
  if (error instanceof MailError) return error.inFull();
  const refusals = [UsageError, Refused, Incomplete, Interrupted, AuthError, InvalidRequestError];
  const mendable = [SettingsError, OpenError, DatabaseUnavailable, ...refusals];
  if (mendable.some((kind) => error instanceof kind)) return (error as Error).message;
  switch ((error as NodeJS.ErrnoException).code) {
    case "EADDRINUSE":
      return `port ${PORT} is in use (on macOS, AirPlay Receiver holds 5000); choose another: PORT=5001`;
    case "EACCES":
      return `this user may not listen on port ${PORT}; choose one from 1024: PORT=5000`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `HOST=${HOST} is no address of this machine; 0.0.0.0 stands for all of them`;
    default:
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
