import { readFileSync } from "node:fs";
import { createApp } from "./app/app.ts";
import { Auth } from "./auth/auth.ts";
import { OpenError, openDB } from "./db/db.ts";
import { firstSteps } from "./first-steps.ts";
import { createLogger } from "./logger.ts";
import { serve } from "./server.ts";
import { describeSettings, type Environment, readSettings, SettingsError } from "./settings.ts";

/** How often what has ended is swept, in milliseconds. */
const sweepEvery = 10 * 60_000;
/** How long accepted requests may take to end when the service stops, in milliseconds. */
const patience = 8000;

const usage = "Usage: bienvenue [--help] [--version]";

/**
 * The command: reads the settings, opens the database, and serves until SIGTERM or SIGINT.
 *
 * @param args what follows the command's name
 */
export async function main(args: readonly string[], environment: Environment): Promise<void> {
  const [argument] = args;
  if (argument === undefined) return run(environment).catch((error: unknown) => fail(explain(error, environment)));
  if (argument === "--help" || argument === "-h") {
    console.log(
      `${usage}\n\nRuns the authentication service. Its settings are environment variables:\n\n${describeSettings()}`,
    );
  } else if (argument === "--version") {
    console.log(JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version);
  } else {
    fail(`unknown argument ${argument}\n${usage}`);
  }
}

async function run(environment: Environment): Promise<void> {
  const settings = readSettings(environment);
  const log = createLogger(settings.LOG_LEVEL);
  const db = await openDB(settings.DATABASE_URL, { settings });
  const isFirstRun = await db.isEmpty();
  const auth = new Auth(db, { settings, log });
  const app = createApp(auth, { settings, log });
  const server = await serve({ fetch: app.fetch, host: settings.HOST, port: settings.PORT, log });

  const sweep = () =>
    auth.sweep().catch((error: unknown) => log.warn({ err: error }, "could not sweep; trying again later"));
  const sweeping = setInterval(sweep, sweepEvery);

  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ event: "stopping", signal }, "stopping");
    clearInterval(sweeping);
    await server.close(patience);
    await auth.close();
    await db.close();
    log.info({ event: "stopped" }, "stopped");
    process.exit(0);
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);

  const url = `http://${settings.HOST === "0.0.0.0" ? "localhost" : settings.HOST}:${server.port}`;
  log.info({ event: "listening", mode: "development", url, database: settings.DATABASE_URL }, "listening");
  if (settings.BCRYPT_COST < 10) {
    log.warn(
      { event: "weak_setting", BCRYPT_COST: settings.BCRYPT_COST },
      "BCRYPT_COST is below 10: stolen hashes are cheap to guess",
    );
  }
  if (isFirstRun) log.info({ event: "first_run", try: firstSteps(url) }, "no account yet: try these");
}

/** One line for what whoever starts it can mend; a stack for what only we can. */
function explain(error: unknown, { PORT = "5000", HOST = "0.0.0.0" }: Environment): string {
  if (error instanceof SettingsError || error instanceof OpenError) return error.message;
  switch ((error as NodeJS.ErrnoException).code) {
    case "EADDRINUSE":
      return `port ${PORT} is in use (on macOS, AirPlay Receiver holds 5000); choose another: PORT=5001`;
    case "EACCES":
      return `this user may not listen on port ${PORT}; choose one from 1024: PORT=5000`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `HOST=${HOST} is no address of this machine; 0.0.0.0 stands for all of them`;
    default:
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

function fail(message: string): void {
  console.error(`bienvenue: ${message}`);
  process.exitCode = 1;
}
