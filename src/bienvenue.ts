import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { createApp, routes } from "./app.ts";
import { Auth, type AuthOptions } from "./auth/auth.ts";
import { openDB } from "./db/db.ts";
import { DatabaseUnavailable, OpenError } from "./errors.ts";
import { createAnswers } from "./http/answers.ts";
import type { Bindings } from "./http/caller.ts";
import { traceSourceMatcher } from "./http/peers.ts";
import { toRefusal } from "./http/refusals.ts";
import { createRouteFinder } from "./http/routes.ts";
import { createUnavailableLogger } from "./http/unavailable.ts";
import { createMailer, type DevOutbox } from "./mail/mail.ts";
import { consoleLog, type Log } from "./observe/log.ts";
import { Counters, hasMetrics, uncounted } from "./observe/metrics.ts";
import { startTracing } from "./observe/start-tracing.ts";
import { readSettings, type Settings } from "./settings/settings.ts";

/** How often expired rows are deleted, in milliseconds. */
const sweepInterval = 10 * 60_000;
/** The minimum time since the last sweep by any node, in milliseconds. Less than the interval, because timers can fire early. */
const minSweepInterval = 0.9 * sweepInterval;
/** How often the outbox is checked for due emails, in milliseconds. */
const deliveryInterval = 1000;
/** How long a shutdown waits for accepted requests, emails being sent and a start, in milliseconds. */
export const shutdownTimeout = 8000;

export interface BienvenueOptions extends Omit<AuthOptions, "settings" | "mailer"> {
  /**
   * Stops background work: once aborted, no start, email or sweep begins, and a start that waits for the migration of another node
   * fails. Aborting does not dispose of the service: requests are still answered.
   */
  readonly signal?: AbortSignal;
}

/** The parts of a started `Bienvenue`. */
export interface RunningService {
  /** Accounts, sessions and passwords, for calls without a request. */
  readonly auth: Auth;
  /** Like the `fetch` of `Bienvenue`, without the check whether it is started. */
  fetch(request: Request, bindings?: Bindings): Response | Promise<Response>;
  /** The emails that are not sent, if SMTP_URL is none. */
  readonly outbox: DevOutbox | undefined;
  /** True if there was no account at the start. */
  readonly isEmpty: boolean;
}

/** The whole service, for your own program. */
export interface Bienvenue extends AsyncDisposable {
  /**
   * Responds to a request. Never rejects. The first request starts the service. If the start fails, the cause is logged, the
   * request gets 500, or 503 if the database is unavailable, and the next request retries.
   *
   * @param bindings Node's request as `{ incoming }`. Without it, callers are unknown, and rate limits by network have no effect
   */
  fetch(request: Request, bindings?: Bindings): Response | Promise<Response>;
  /**
   * Reads the settings, opens the database, and starts to send emails and to delete expired rows. Later calls return the same
   * result. If a call fails, nothing stays open, and the next call retries.
   *
   * @throws {SettingsError} if a setting is invalid or missing
   * @throws {OpenError} if the database cannot be used
   * @throws {DatabaseUnavailable} with the fault `closed` after the disposal, or once `signal` is aborted
   */
  start(): Promise<RunningService>;
  /**
   * Stops background work, writes buffered data, and closes the database. Close your server first: from now on, requests get 503.
   *
   * Waits up to 8 seconds for a start and for emails being sent. An email that takes longer is sent again after the next start; it
   * can keep the process running for up to a minute.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Creates the whole service as a function from Request to Response: database, emails, `Auth`, API and pages, as `bienvenue` runs
 * them. It opens nothing before the first request or `start`, so a build can import the module that calls it. It installs no signal
 * handlers and never exits the process, and its timers do not keep the process running.
 *
 * @param settings the result of `readSettings`, or a function that returns it and is called by each start; by default, the settings
 * of `process.env`
 * @param options the options of `Auth`; by default, warnings and errors are logged to the console
 * @example
 * await using bienvenue = createBienvenue();
 * const response = await bienvenue.fetch(new Request("http://localhost/profile"));
 * const { auth } = await bienvenue.start();
 * await auth.registerUser("bob@example.com", "correct horse");
 */
export function createBienvenue(
  settings: Settings | (() => Settings) = () => readSettings(process.env),
  options: BienvenueOptions = {},
): Bienvenue {
  const { log = consoleLog } = options;
  const disposal = new AbortController();
  const signal = AbortSignal.any([disposal.signal, ...(options.signal ? [options.signal] : [])]);
  // Starts at the abort, so that a server and the background work can shut down at the same time.
  const timeout = once(signal, "abort").then(() => setTimeout(shutdownTimeout, undefined, { ref: false }));
  const logUnavailable = createUnavailableLogger(log);
  let opening: Promise<OpenedService> | undefined;
  let started: RunningService | undefined;
  let closing: Promise<void> | undefined;

  const openOnce = (): Promise<OpenedService> => {
    opening ??= openService(settings, { ...options, log, signal }, timeout).catch((error) => {
      opening = undefined;
      throw signal.aborted ? new DatabaseUnavailable("closed", error) : error;
    });
    return opening;
  };
  const start = async (): Promise<RunningService> => {
    const opened = await openOnce();
    if (disposal.signal.aborted) throw new DatabaseUnavailable("closed");
    started = opened.started;
    return started;
  };
  const fetch = (request: Request, bindings?: Bindings): Response | Promise<Response> =>
    started ? started.fetch(request, bindings) : startAndFetch(request, bindings);
  const startAndFetch = async (request: Request, bindings?: Bindings): Promise<Response> => {
    try {
      await start();
    } catch (error) {
      const refusal = toRefusal(error instanceof OpenError ? error.cause : error);
      if (refusal.status === 503) logUnavailable(error as Error, { path: new URL(request.url).pathname });
      else log.error({ err: error }, "could not start");
      return defaultAnswers.refuse(refusal);
    }
    return fetch(request, bindings);
  };
  const close = async (): Promise<void> => {
    disposal.abort();
    started = undefined;
    const opened = await Promise.race([opening?.catch(() => undefined), timeout]);
    await opened?.resources.disposeAsync();
  };
  return {
    fetch,
    start,
    [Symbol.asyncDispose]() {
      closing ??= close();
      return closing;
    },
  };
}

/** Responses while the settings are unknown. */
const defaultAnswers = createAnswers({ PUBLIC_URL: "", HSTS_SUBDOMAINS: "off", CORS_ORIGINS: [] });

interface OpenedService {
  readonly started: RunningService;
  readonly resources: AsyncDisposableStack;
}

/** Opens the parts in the order of their dependencies. If one fails, closes the others. */
async function openService(
  source: Settings | (() => Settings),
  options: BienvenueOptions & { readonly signal: AbortSignal; readonly log: Log },
  timeout: Promise<void>,
): Promise<OpenedService> {
  const { log, signal, clock = Date.now } = options;
  signal.throwIfAborted();
  const settings = typeof source === "function" ? source() : source;
  // Programs without types can pass anything. Without this check, a later error would hide the cause.
  if (settings?.TRUSTED_PROXIES === undefined)
    throw new TypeError(
      "settings must come from readSettings, for example readSettings({ DATABASE_URL: 'sqlite:accounts.db' })",
    );
  const { metrics = hasMetrics(settings) ? new Counters() : uncounted } = options;
  await using resources = new AsyncDisposableStack();
  const isTrusted = traceSourceMatcher(settings.TRUSTED_PROXIES);
  const tracing = options.tracing ?? (await startTracing({ routeOf: createRouteFinder(routes), isTrusted }));
  const db = resources.use(await openDB(settings.DATABASE_URL, { settings, log, signal, clock }));
  const isEmpty = await db.users.isEmpty();
  const { mailer, outbox } = await createMailer(settings, log);
  resources.adopt(mailer, (each) => each.close());
  const auth = resources.adopt(new Auth(db, { ...options, settings, log, mailer, metrics, tracing, clock }), (each) =>
    each.close(),
  );
  metrics.addQueue("mail", () => auth.outbox.count());
  const { fetch } = createApp(auth, { outbox });
  signal.throwIfAborted();
  const finishWork = startBackgroundWork(auth, signal);
  // An email that is not sent in time stays in the outbox, and is sent again by this or another node.
  resources.defer(() => Promise.race([finishWork(), timeout]));
  return { started: { auth, fetch, outbox, isEmpty }, resources: resources.move() };
}

/** Sends emails and deletes expired rows until `signal` is aborted. The returned function waits for the running work. */
function startBackgroundWork(auth: Auth, signal: AbortSignal): () => Promise<void> {
  const { log, metrics } = auth;
  const logAndRetry = (action: string) => (error: unknown) => {
    metrics.countError(error);
    log.warn({ err: error }, `could not ${action}; retrying later`);
  };
  const sweep = () =>
    auth.admin.sweep({ signal, minInterval: minSweepInterval }).catch(logAndRetry("delete expired rows"));
  const deliver = () => auth.outbox.deliver(signal).catch(logAndRetry("check the outbox"));
  const running = [repeat(sweep, sweepInterval, signal), repeat(deliver, deliveryInterval, signal, { overlaps: true })];
  return async () => {
    await Promise.all(running.flatMap((promises) => [...promises]));
  };
}

/** Repeats work until `signal` is aborted, by default without overlaps. Returns the set of running promises. */
function repeat(
  work: () => Promise<unknown>,
  interval: number,
  signal: AbortSignal,
  { overlaps = false } = {},
): ReadonlySet<Promise<unknown>> {
  const running = new Set<Promise<unknown>>();
  const timer = setInterval(() => {
    if (running.size > 0 && !overlaps) return;
    const promise = work().finally(() => running.delete(promise));
    running.add(promise);
  }, interval);
  timer.unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  return running;
}
