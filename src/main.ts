import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { hasMetrics } from "./api/metrics.ts";
import { createApp, routes } from "./app.ts";
import { Auth } from "./auth/auth.ts";
import { openDB } from "./db/db.ts";
import { listenError } from "./http/listen-error.ts";
import { ownUrl } from "./http/own-url.ts";
import { peers } from "./http/peers.ts";
import { routeFinder } from "./http/routes.ts";
import { serve } from "./http/server.ts";
import { createMailer } from "./mail/mail.ts";
import { developmentRisk, firstSteps } from "./observe/first-steps.ts";
import type { Log } from "./observe/log.ts";
import { createLogger } from "./observe/logger.ts";
import { Counters, uncounted } from "./observe/metrics.ts";
import { startTracing } from "./observe/start-tracing.ts";
import {
  type Environment,
  misspelledSettings,
  readSettings,
  redacted,
  type Settings,
  weaknesses,
} from "./settings/settings.ts";

/** How often what has ended is swept, in milliseconds. */
const sweepEvery = 10 * 60_000;
/** How long ago the last sweep by any node must have ended: its own timer may fire a little early. */
const sweepRest = 0.9 * sweepEvery;
/** How often mails that wait are looked for, in milliseconds. */
const deliverEvery = 1000;
/** How long accepted requests, mails under way and a start may take to end when the service stops, in milliseconds. */
const patience = 8000;

/**
 * Runs the service: reads the settings, opens the database, and serves until SIGTERM or SIGINT, after which the process ends.
 *
 * @throws {SettingsError} when a setting is wrong or missing
 * @throws {OpenError} when the database cannot be used
 * @throws {ListenError} when it cannot listen; whatever it throws, nothing is left open
 */
export async function main(environment: Environment): Promise<void> {
  const asked = stopAsked();
  const settings = readSettings(environment);
  const log = createLogger(settings.LOG_LEVEL);
  for (const { found, meant, message } of misspelledSettings(environment)) {
    log.warn({ event: "unknown_setting", name: found, meant }, message);
  }
  const opened = new AsyncDisposableStack();
  const stopping = stopped(asked, log);
  const starting = start(settings, log, asked, opened);
  try {
    await Promise.race([starting, stopping]);
  } catch (error) {
    await opened.disposeAsync();
    if (!asked.aborted) throw error;
  }
  await stopping;
  // Waits so that what the start opens is closed too; a start that takes longer ends with the process.
  await Promise.race([starting.catch(() => {}), setTimeout(patience)]);
  try {
    await opened.disposeAsync();
  } catch (error) {
    log.error({ err: error }, "not everything could be closed");
    process.exit(1);
  }
  log.info({ event: "stopped" }, "stopped");
  process.exit(0);
}

/** Returns a signal that aborts at the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopAsked(): AbortSignal {
  const asked = new AbortController();
  const stop = (signal: NodeJS.Signals) => {
    if (asked.signal.aborted) process.exit(1);
    asked.abort(signal);
  };
  // Before anything is opened: the first process of a container ignores signals without a handler.
  process.on("SIGTERM", stop).on("SIGINT", stop);
  return asked.signal;
}

async function stopped(asked: AbortSignal, log: Log): Promise<void> {
  if (!asked.aborted) await once(asked, "abort");
  log.info({ event: "stopping", signal: asked.reason }, "stopping");
}

/** Opens everything and listens. What it opens is on the stack, even if it fails. */
async function start(settings: Settings, log: Log, asked: AbortSignal, opened: AsyncDisposableStack): Promise<void> {
  const metrics = hasMetrics(settings) ? new Counters() : uncounted;
  const routeOf = routeFinder(routes);
  const tracing = await startTracing({ routeOf, isTrusted: peers(settings.TRUSTED_PROXIES) });
  const db = opened.use(await openDB(settings.DATABASE_URL, { settings, log, signal: asked }));
  const isFirstRun = await db.isEmpty();
  const { mailer, outbox } = await createMailer(settings, log);
  opened.adopt(mailer, (each) => each.close());
  const auth = opened.adopt(new Auth(db, { settings, log, mailer, metrics, tracing }), (each) => each.close());
  metrics.queue("mail", () => auth.countMails());
  const app = createApp(auth, { outbox });
  asked.throwIfAborted();
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
  }).catch((error) => Promise.reject(listenError(error, settings)));

  const later = (what: string) => (error: unknown) => {
    metrics.failed(error);
    log.warn({ err: error }, `could not ${what}; trying again later`);
  };
  const sweeping = repeat(sweepEvery, () => auth.sweep({ stopping: asked, rest: sweepRest }).catch(later("sweep")));
  const delivering = repeat(deliverEvery, () => auth.deliver(asked).catch(later("look for mails")), { overlaps: true });
  opened.defer(async () => {
    // A mail that its server does not take in time is left in the outbox: it is due again, here or on another node.
    const enough = setTimeout(patience);
    await Promise.all([
      server.close(patience),
      Promise.race([Promise.all([sweeping.stop(), delivering.stop()]), enough]),
    ]);
  });
  if (!asked.aborted) announce(settings, log, ownUrl(settings.HOST, server.port), isFirstRun);
}

function announce(settings: Settings, log: Log, url: string, isFirstRun: boolean): void {
  const database = redacted(settings.DATABASE_URL);
  log.info({ event: "listening", mode: settings.NODE_ENV, url, database }, "listening");
  for (const [name, why] of Object.entries(weaknesses(settings))) {
    log.warn({ event: "weak_setting", [name]: settings[name as keyof Settings] }, `${name} is ${why}`);
  }
  if (isFirstRun && settings.NODE_ENV === "development")
    log.info({ event: "first_run", try: firstSteps(url), risk: developmentRisk }, "no account yet: try these");
}

/** Does something again and again, by default never twice at once; `stop` waits for what is under way. */
function repeat(every: number, work: () => Promise<unknown>, { overlaps = false } = {}): { stop(): Promise<void> } {
  const working = new Set<Promise<unknown>>();
  const timer = setInterval(() => {
    if (working.size > 0 && !overlaps) return;
    const one = work().finally(() => working.delete(one));
    working.add(one);
  }, every);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(working);
    },
  };
}
