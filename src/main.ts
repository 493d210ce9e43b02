import { setTimeout } from "node:timers/promises";
import { createApp, routes } from "./app/app.ts";
import { hasMetrics } from "./app/metrics.ts";
import { peers } from "./app/peers.ts";
import { routeFinder } from "./app/routes.ts";
import { Auth } from "./auth/auth.ts";
import { openDB } from "./db/db.ts";
import { firstSteps } from "./first-steps.ts";
import { createLogger } from "./logger.ts";
import { createMailer } from "./mail/mail.ts";
import { Counters, uncounted } from "./metrics.ts";
import { serve } from "./server.ts";
import { type Environment, misspeltSettings, readSettings, redacted, type Settings } from "./settings.ts";
import { startTracing } from "./tracing.ts";

/** How often what has ended is swept, in milliseconds. */
const sweepEvery = 10 * 60_000;
/** How often mails that wait are looked for, in milliseconds. */
const deliverEvery = 1000;
/** How long accepted requests, and mails under way, may take to end when the service stops, in milliseconds. */
const patience = 8000;

/** The service: reads the settings, opens the database, and serves until SIGTERM or SIGINT. */
export async function main(environment: Environment): Promise<void> {
  const settings = readSettings(environment);
  const log = createLogger(settings.LOG_LEVEL);
  for (const { found, meant, message } of misspeltSettings(environment)) {
    log.warn({ event: "unknown_setting", name: found, meant }, message);
  }
  const metrics = hasMetrics(settings) ? new Counters() : uncounted;
  const routeOf = routeFinder(routes);
  const tracing = await startTracing({ routeOf, isTrusted: peers(settings.TRUSTED_PROXIES) });
  const db = await openDB(settings.DATABASE_URL, { settings });
  const isFirstRun = await db.isEmpty();
  const { mailer, outbox } = await createMailer(settings, log);
  const auth = new Auth(db, { settings, log, mailer, metrics, tracing });
  metrics.queue("mail", () => auth.countMails());
  const app = createApp(auth, { outbox });
  const server = await serve({
    fetch: app.fetch,
    host: settings.HOST,
    port: settings.PORT,
    log,
    around: tracing.around,
    answered:
      metrics === uncounted
        ? undefined
        : (status, request, milliseconds) =>
            metrics.answered(request?.method ?? "", routeOf(request?.url), status, milliseconds),
  });

  const later = (what: string) => (error: unknown) => {
    metrics.failed(error);
    log.warn({ err: error }, `could not ${what}; trying again later`);
  };
  const sweeping = repeat(sweepEvery, () => auth.sweep().catch(later("sweep")));
  const stopping = new AbortController();
  const delivering = repeat(deliverEvery, () => auth.deliver(stopping.signal).catch(later("look for mails")));

  const stop = async (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) process.exit(1);
    stopping.abort();
    log.info({ event: "stopping", signal }, "stopping");
    // A mail that its server does not take in time is left in the outbox: it is due again, here or on another node.
    const enough = setTimeout(patience);
    await Promise.all([
      server.close(patience),
      Promise.race([Promise.all([sweeping.stop(), delivering.stop()]), enough]),
    ]);
    await auth.close();
    await mailer.close();
    await db.close();
    log.info({ event: "stopped" }, "stopped");
    process.exit(0);
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);

  const url = `http://${settings.HOST === "0.0.0.0" ? "localhost" : settings.HOST}:${server.port}`;
  const database = redacted(settings.DATABASE_URL);
  log.info({ event: "listening", mode: settings.NODE_ENV, url, database }, "listening");
  for (const [name, why] of Object.entries(weaknesses(settings))) {
    log.warn({ event: "weak_setting", [name]: settings[name as keyof Settings] }, `${name} is ${why}`);
  }
  if (isFirstRun && settings.NODE_ENV === "development")
    log.info({ event: "first_run", try: firstSteps(url) }, "no account yet: try these");
}

/** What is allowed, and should be known. */
function weaknesses({
  NODE_ENV,
  BCRYPT_COST,
  RATE_LIMIT,
  UNSAFE_PRODUCTION,
}: Settings): Partial<Record<keyof Settings, string>> {
  return {
    ...(BCRYPT_COST < 10 && { BCRYPT_COST: "below 10: stolen hashes are cheap to guess" }),
    ...(NODE_ENV === "production" &&
      RATE_LIMIT === "off" && { RATE_LIMIT: "off: passwords can be guessed without end" }),
    ...(UNSAFE_PRODUCTION === "1" && { UNSAFE_PRODUCTION: "1: accounts may be handed to strangers" }),
  };
}

/** Does something again and again, never twice at once; `stop` waits for what is under way. */
function repeat(every: number, work: () => Promise<unknown>): { stop(): Promise<void> } {
  let working: Promise<unknown> | undefined;
  const timer = setInterval(() => {
    working ??= work().finally(() => {
      working = undefined;
    });
  }, every);
  return {
    async stop() {
      clearInterval(timer);
      await working;
    },
  };
}
