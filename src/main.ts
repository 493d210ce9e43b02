import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { routes } from "./app.ts";
import { createBienvenue, shutdownTimeout } from "./bienvenue.ts";
import { toListenError } from "./http/listen-error.ts";
import { localUrl } from "./http/local-url.ts";
import { createRouteFinder } from "./http/routes.ts";
import { serve } from "./http/server.ts";
import type { Log } from "./observe/log.ts";
import { logStartup } from "./observe/log-startup.ts";
import { createLogger } from "./observe/logger.ts";
import { uncounted } from "./observe/metrics.ts";
import { type Environment, findMisspelledSettings, readSettings, type Settings } from "./settings/settings.ts";

/**
 * Runs the service: reads the settings, opens the database, and serves until SIGTERM or SIGINT. Then the process exits.
 *
 * Closes everything it opened before it throws.
 *
 * @throws {SettingsError} if a setting is invalid or missing
 * @throws {OpenError} if the database cannot be used
 * @throws {ListenError} if the service cannot listen
 */
export async function main(environment: Environment): Promise<void> {
  const stopSignal = catchStopSignals();
  const settings = readSettings(environment);
  const log = createLogger(settings.LOG_LEVEL);
  for (const { name, suggestion, message } of findMisspelledSettings(environment)) {
    log.warn({ event: "unknown_setting", name, meant: suggestion }, message);
  }
  const resources = new AsyncDisposableStack();
  const stopping = waitForStop(stopSignal, log);
  const starting = start(settings, log, stopSignal, resources);
  try {
    await Promise.race([starting, stopping]);
  } catch (error) {
    await resources.disposeAsync();
    if (!stopSignal.aborted) throw error;
  }
  await stopping;
  // Waits for the start, so that everything it opens is closed. If it takes longer, the process exits without it.
  await Promise.race([starting.catch(() => {}), setTimeout(shutdownTimeout)]);
  try {
    await resources.disposeAsync();
  } catch (error) {
    log.error({ err: error }, "could not close everything");
    process.exit(1);
  }
  log.info({ event: "stopped" }, "stopped");
  process.exit(0);
}

/** Returns a signal that aborts on the first SIGTERM or SIGINT. A second one exits immediately. */
function catchStopSignals(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort(signal);
  };
  // Before anything is opened, because process 1 of a container ignores signals without a handler.
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  return stop.signal;
}

async function waitForStop(stopSignal: AbortSignal, log: Log): Promise<void> {
  if (!stopSignal.aborted) await once(stopSignal, "abort");
  log.info({ event: "stopping", signal: stopSignal.reason }, "stopping");
}

/** Opens everything and listens. Everything it opens is on the stack, even if it throws. */
async function start(
  settings: Settings,
  log: Log,
  stopSignal: AbortSignal,
  resources: AsyncDisposableStack,
): Promise<void> {
  const bienvenue = resources.use(createBienvenue(settings, { log, signal: stopSignal }));
  const { auth, fetch, isEmpty } = await bienvenue.start();
  const { metrics, tracing } = auth;
  const routeOf = createRouteFinder(routes);
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
  resources.defer(() => server.close(shutdownTimeout));
  if (!stopSignal.aborted) logStartup(settings, log, localUrl(settings.HOST, server.port), isEmpty);
}
