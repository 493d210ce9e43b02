import { type AppOptions, createApp } from "../../src/app.ts";
import { Auth } from "../../src/auth/auth.ts";
import { type DB, openDB } from "../../src/db/db.ts";
import type { Mail } from "../../src/mail/mailer.ts";
import type { Log } from "../../src/observe/log.ts";
import { Counters } from "../../src/observe/metrics.ts";
import { type Environment, readSettings, type Settings } from "../../src/settings/settings.ts";
import { getCurrentEngine } from "./engines.ts";
import { hashThreads } from "./hash-threads.ts";
import { openMigratedMemory } from "./migrated-sqlite.ts";
import { acquirePostgres } from "./postgres-pool.ts";
import { RecordingMailer } from "./recording-mailer.ts";

/** A service of one test, with its own database, a clock that the test sets, and its log in a list. */
export interface World extends AsyncDisposable {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly db: DB;
  readonly auth: Auth;
  readonly metrics: Counters;
  readonly app: ReturnType<typeof createApp>;
  /** The log entries, with level and message. */
  readonly logEntries: Record<string, unknown>[];
  /** The sent emails. */
  readonly mails: Mail[];
  /** Sends a request to the app, by default as a client on this machine. */
  request(path: string, init?: RequestInit & ClientAddress): Promise<Response>;
}

export interface ClientAddress {
  readonly ip?: string;
}

/** A clock that moves only when the test advances it. */
export class Clock {
  #now = Date.UTC(2030, 0, 1);

  now = (): number => this.#now;

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Creates a world. By default, bcrypt has its lowest cost. */
export async function createWorld(
  environment: Environment = {},
  { outbox }: Pick<AppOptions, "outbox"> = {},
): Promise<World> {
  const settings = readSettings({ BCRYPT_COST: "4", ...environment });
  const clock = new Clock();
  const logEntries: Record<string, unknown>[] = [];
  const log = createRecordingLog(logEntries);
  const resources = new AsyncDisposableStack();
  const db = await openDatabase(environment.DATABASE_URL, settings, clock, resources);
  const mailer = new RecordingMailer();
  const metrics = new Counters();
  // Tests with expensive hashes test the hash queue, so their worlds have their own threads, as the service does.
  const threads = settings.BCRYPT_COST > 8 ? {} : { hashThreads };
  const auth = new Auth(db, {
    ...threads,
    settings,
    log,
    mailer,
    clock: clock.now,
    metrics,
  });
  const app = createApp(auth, { outbox });
  return {
    settings,
    clock,
    db,
    auth,
    metrics,
    app,
    logEntries,
    mails: mailer.sent,
    request: async (path, { ip = "127.0.0.1", ...init } = {}) => {
      const headers = new Headers(init.headers);
      if (!headers.has("Host")) headers.set("Host", "localhost:5000");
      const request = new Request(`http://localhost:5000${path}`, { redirect: "manual", ...init, headers });
      const incoming = { headers: { cookie: headers.get("Cookie") ?? undefined }, socket: { remoteAddress: ip } };
      return app.fetch(request, { incoming });
    },
    async [Symbol.asyncDispose]() {
      await auth.close();
      await resources.disposeAsync();
    },
  };
}

async function openDatabase(
  file: string | undefined,
  settings: Settings,
  clock: Clock,
  resources: AsyncDisposableStack,
): Promise<DB> {
  const options = { lifetimes: settings, clock: clock.now };
  if (getCurrentEngine() === "postgres") return resources.use(await acquirePostgres(options)).db;
  return resources.use(
    await (file === undefined ? openMigratedMemory(options) : openDB(file, { settings, clock: clock.now })),
  );
}

/** The minimum settings of production. */
export const productionEnvironment: Environment = {
  NODE_ENV: "production",
  PUBLIC_URL: "https://auth.example.com",
  SMTP_URL: "smtp://localhost:1025",
  MAIL_FROM: "no-reply@example.com",
  TRUSTED_PROXIES: "none",
};

/** Creates a log that adds its entries to a list. */
export function createRecordingLog(entries: Record<string, unknown>[]): Log {
  const at = (level: string) => (fields: object, message: string) => void entries.push({ ...fields, level, message });
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

/** Returns a POST request with a urlencoded body, as curl's -d and most clients send it. */
export function form(fields: Record<string, string>, init: RequestInit = {}): RequestInit {
  return { method: "POST", ...init, body: new URLSearchParams(fields) };
}
