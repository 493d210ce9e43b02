import { createApp } from "./app/app.ts";
import { Auth } from "./auth/auth.ts";
import { openDB } from "./db/db.ts";
import { firstSteps } from "./first-steps.ts";
import { createLogger } from "./logger.ts";
import { serve } from "./server.ts";
import { type Environment, readSettings, redacted } from "./settings.ts";

/** How often what has ended is swept, in milliseconds. */
const sweepEvery = 10 * 60_000;
/** How long accepted requests may take to end when the service stops, in milliseconds. */
const patience = 8000;

/** The service: reads the settings, opens the database, and serves until SIGTERM or SIGINT. */
export async function main(environment: Environment): Promise<void> {
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
  const database = redacted(settings.DATABASE_URL);
  log.info({ event: "listening", mode: "development", url, database }, "listening");
  if (settings.BCRYPT_COST < 10) {
    log.warn(
      { event: "weak_setting", BCRYPT_COST: settings.BCRYPT_COST },
      "BCRYPT_COST is below 10: stolen hashes are cheap to guess",
    );
  }
  if (isFirstRun) log.info({ event: "first_run", try: firstSteps(url) }, "no account yet: try these");
}
