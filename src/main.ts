import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { routes } from "./app.ts";
import { createBienvenue, shutdownTimeout } from "./bienvenue.ts";
import { toListenError } from "./http/listen-error.ts";
import { localUrl } from "./http/local-url.ts";
import { routeFinder } from "./http/routes.ts";
import { serve } from "./http/server.ts";
import type { Log } from "./observe/log.ts";
import { logStartup } from "./observe/log-startup.ts";
import { createLogger } from "./observe/logger.ts";
import { uncounted } from "./observe/metrics.ts";
import { type Environment, findMisspelledSettings, readSettings, type Settings } from "./settings/settings.ts";

/**
 * Runs the service: reads the settings, opens the database, and serves until SIGTERM or SIGINT, after which the process ends.
 *
 * @throws {SettingsError} when a setting is wrong or missing
 * @throws {OpenError} when the database cannot be used
 * @throws {ListenError} when it cannot listen; whatever it throws, nothing is left open
 */
export async function main(environment: Environment): Promise<void> {
  const asked = catchStopSignals();
  const settings = readSettings(environment);
  const log = createLogger(settings.LOG_LEVEL);
  for (const { name, suggestion, message } of findMisspelledSettings(environment)) {
    log.warn({ event: "unknown_setting", name, meant: suggestion }, message);
  }
  const opened = new AsyncDisposableStack();
  const stopping = waitForStop(asked, log);
  const starting = start(settings, log, asked, opened);
  try {
    await Promise.race([starting, stopping]);
  } catch (error) {
    await opened.disposeAsync();
    if (!asked.aborted) throw error;
  }
  await stopping;
  // Waits so that what the start opens is closed too; a start that takes longer ends with the process.
  await Promise.race([starting.catch(() => {}), setTimeout(shutdownTimeout)]);
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
function catchStopSignals(): AbortSignal {
  const asked = new AbortController();
  const stop = (signal: NodeJS.Signals) => {
    if (asked.signal.aborted) process.exit(1);
    asked.abort(signal);
  };
  // Before anything is opened: the first process of a container ignores signals without a handler.
  process.on("SIGTERM", stop).on("SIGINT", stop);
  return asked.signal;
}

async function waitForStop(asked: AbortSignal, log: Log): Promise<void> {
  if (!asked.aborted) await once(asked, "abort");
  log.info({ event: "stopping", signal: asked.reason }, "stopping");
}

/** Opens everything and listens. What it opens is on the stack, even if it fails. */
async function start(settings: Settings, log: Log, asked: AbortSignal, opened: AsyncDisposableStack): Promise<void> {
  const bienvenue = opened.use(createBienvenue(settings, { log, signal: asked }));
  const { auth, fetch, isEmpty } = await bienvenue.start();
  const { metrics, tracing } = auth;
  const routeOf = routeFinder(routes);
  const server = await serve({
    fetch,
    host: settings.HOST,
    port: settings.PORT,
    log,
    wrapListener: tracing.wrapListener,
    onResponse:
      metrics === uncounted
        ? undefined
        : (status, request, milliseconds) =>
            metrics.countResponse(request?.method ?? "", routeOf(request?.url), status, milliseconds),
  }).catch((error) => Promise.reject(toListenError(error, settings)));
  opened.defer(() => server.close(shutdownTimeout));
  if (!asked.aborted) logStartup(settings, log, localUrl(settings.HOST, server.port), isEmpty);
}
