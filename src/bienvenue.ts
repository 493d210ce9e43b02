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
import { routeFinder } from "./http/routes.ts";
import { unavailableLogger } from "./http/unavailable.ts";
import { createMailer, type DevOutbox } from "./mail/mail.ts";
import { consoleLog, type Log } from "./observe/log.ts";
import { Counters, hasMetrics, uncounted } from "./observe/metrics.ts";
import { startTracing } from "./observe/start-tracing.ts";
import { readSettings, type Settings } from "./settings/settings.ts";

/** How often ended sessions and old rows are swept, in milliseconds. */
const sweepInterval = 10 * 60_000;
/** How long ago the last sweep by any node must have ended: its own timer may fire a little early. */
const minSweepInterval = 0.9 * sweepInterval;
/** How often due mails are looked for, in milliseconds. */
const deliveryInterval = 1000;
/** How long accepted requests, mails under way and a start may take to end after a stop, in milliseconds. */
export const shutdownTimeout = 8000;

export interface BienvenueOptions extends Omit<AuthOptions, "settings" | "mailer"> {
  /**
   * Once aborted, no start, mail or sweep begins, and a start that waits for another node's migration ends. Requests are still
   * answered until the disposal, which this does not replace.
   */
  readonly signal?: AbortSignal;
}

/** What a `Bienvenue` has once it is started. */
export interface RunningService {
  /** Accounts, sessions and passwords, for calls without a request. */
  readonly auth: Auth;
  /** The `fetch` of `Bienvenue`, without the check whether it is started. */
  fetch(request: Request, bindings?: Bindings): Response | Promise<Response>;
  /** The mails that nobody sends: present while SMTP_URL is none. */
  readonly outbox: DevOutbox | undefined;
  /** True if there was no account when it started. */
  readonly isEmpty: boolean;
}

/** The whole service in your own program. Made by `createBienvenue`. */
export interface Bienvenue extends AsyncDisposable {
  /**
   * Answers a request. The first one starts everything; if that fails, it gets 500, or 503 if the database is unavailable, the log
   * says why, and the next request tries again. Never rejects.
   *
   * @param bindings Node's request as `{ incoming }`: without it callers are unknown, and limits by network have no effect
   */
  fetch(request: Request, bindings?: Bindings): Response | Promise<Response>;
  /**
   * Reads the settings, opens the database, and begins to send mails and to sweep. Later calls return the same result; after a
   * failure, which leaves nothing open, the next call tries again.
   *
   * @throws {SettingsError} when a setting is wrong or missing
   * @throws {OpenError} when the database cannot be used
   * @throws {DatabaseUnavailable} with the fault `closed` after the disposal, or once `signal` is aborted
   */
  start(): Promise<RunningService>;
  /**
   * Stops mails and sweeps, writes what is still to be written, and closes the database. Waits for a start and for mails under way,
   * for at most 8 seconds; a mail that takes longer is sent again after the next start, and keeps the process running for at most a
   * minute. Close your server first: requests get 503 from now on.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The whole service as a function from Request to Response: database, mails, `Auth`, API and pages, wired as `bienvenue` runs them.
 * Creating it reads and opens nothing, so a build can import the module that does; the first request or `start` opens everything.
 * It installs no signal handler, never ends the process, and its timers do not keep the process running.
 *
 * @param settings what `readSettings` returns, or a function that does, which is called by each start; by default the settings
 * of `process.env`
 * @param options where it logs (warnings and errors to the console by default), and what else `Auth` accepts
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
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, ...(options.signal ? [options.signal] : [])]);
  // Counted from the abort, so that a server and what runs beside it can end at the same time.
  const timeout = once(signal, "abort").then(() => setTimeout(shutdownTimeout, undefined, { ref: false }));
  const logUnavailable = unavailableLogger(log);
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
    if (ending.signal.aborted) throw new DatabaseUnavailable("closed");
    started = opened.started;
    return started;
  };
  const fetch = (request: Request, bindings?: Bindings): Response | Promise<Response> =>
    started ? started.fetch(request, bindings) : startAndFetch(request, bindings);
  const startAndFetch = async (request: Request, bindings?: Bindings): Promise<Response> => {
    try {
      await start();
    } catch (error) {
      const refused = toRefusal(error instanceof OpenError ? error.cause : error);
      if (refused.status === 503) logUnavailable(error as Error, { path: new URL(request.url).pathname });
      else log.error({ err: error }, "could not start");
      return defaultAnswers.refuse(refused);
    }
    return fetch(request, bindings);
  };
  const close = async (): Promise<void> => {
    ending.abort();
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

/** Answers while the settings are unknown. */
const defaultAnswers = createAnswers({ PUBLIC_URL: "", HSTS_SUBDOMAINS: "off", CORS_ORIGINS: [] });

interface OpenedService {
  readonly started: RunningService;
  readonly resources: AsyncDisposableStack;
}

/** Opens everything in the order of its dependencies, and closes it again if one of them fails. */
async function openService(
  given: Settings | (() => Settings),
  options: BienvenueOptions & { readonly signal: AbortSignal; readonly log: Log },
  timeout: Promise<void>,
): Promise<OpenedService> {
  const { log, signal, clock = Date.now } = options;
  signal.throwIfAborted();
  const settings = typeof given === "function" ? given() : given;
  // For programs without types. Without this check, the first part that misses a setting fails with a message that names none.
  if (settings?.TRUSTED_PROXIES === undefined)
    throw new TypeError(
      "settings must come from readSettings, for example readSettings({ DATABASE_URL: 'sqlite:accounts.db' })",
    );
  const { metrics = hasMetrics(settings) ? new Counters() : uncounted } = options;
  await using opening = new AsyncDisposableStack();
  const isTrusted = traceSourceMatcher(settings.TRUSTED_PROXIES);
  const tracing = options.tracing ?? (await startTracing({ routeOf: routeFinder(routes), isTrusted }));
  const db = opening.use(await openDB(settings.DATABASE_URL, { settings, log, signal, clock }));
  const isEmpty = await db.users.isEmpty();
  const { mailer, outbox } = await createMailer(settings, log);
  opening.adopt(mailer, (each) => each.close());
  const auth = opening.adopt(new Auth(db, { ...options, settings, log, mailer, metrics, tracing, clock }), (each) =>
    each.close(),
  );
  metrics.addQueue("mail", () => auth.outbox.count());
  const { fetch } = createApp(auth, { outbox });
  signal.throwIfAborted();
  const ended = startBackgroundWork(auth, signal);
  // A mail that its server does not take in time stays in the outbox: it is due again, here or on another node.
  opening.defer(() => Promise.race([ended(), timeout]));
  return { started: { auth, fetch, outbox, isEmpty }, resources: opening.move() };
}

/** Sends mails and sweeps until `signal` is aborted. The returned function waits for what is under way. */
function startBackgroundWork(auth: Auth, signal: AbortSignal): () => Promise<void> {
  const { log, metrics } = auth;
  const logAndRetry = (what: string) => (error: unknown) => {
    metrics.countError(error);
    log.warn({ err: error }, `could not ${what}; trying again later`);
  };
  const sweep = () => auth.admin.sweep({ signal: signal, minInterval: minSweepInterval }).catch(logAndRetry("sweep"));
  const deliver = () => auth.outbox.deliver(signal).catch(logAndRetry("look for mails"));
  const repeated = [
    repeat(sweep, sweepInterval, signal),
    repeat(deliver, deliveryInterval, signal, { overlaps: true }),
  ];
  return async () => {
    await Promise.all(repeated.flatMap((working) => [...working]));
  };
}

/** Repeats some work until `signal` is aborted, by default never twice at once; returns what is under way. */
function repeat(
  work: () => Promise<unknown>,
  every: number,
  signal: AbortSignal,
  { overlaps = false } = {},
): ReadonlySet<Promise<unknown>> {
  const working = new Set<Promise<unknown>>();
  const timer = setInterval(() => {
    if (working.size > 0 && !overlaps) return;
    const one = work().finally(() => working.delete(one));
    working.add(one);
  }, every);
  timer.unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  return working;
}
