import type { DB } from "../db/db.ts";
import type { Mailer } from "../mail/mailer.ts";
import { type Log, silent } from "../observe/log.ts";
import { type Metrics, uncounted } from "../observe/metrics.ts";
import { type Tracing, untraced } from "../observe/tracing.ts";
import { readSettings, type Settings } from "../settings/settings.ts";
import { AuditTrail } from "./audit/trail.ts";
import type { Context } from "./context.ts";
import { LastSeen } from "./last-seen.ts";
import type { HashThreads } from "./passwords/hash-threads.ts";
import { Passwords } from "./passwords/passwords.ts";
import { AdmissionControl } from "./passwords/take-slot.ts";

export interface AuthOptions {
  /** The policies; `readSettings` has the defaults. */
  readonly settings?: Settings;
  /** Where every event is told, for example a pino logger; nowhere by default. */
  readonly log?: Log;
  /** What sends mails; without one they wait in the outbox, and are given up after a day. */
  readonly mailer?: Mailer;
  /** Where hashes and faults of the database are counted; nowhere by default. */
  readonly metrics?: Metrics;
  /** Where what takes long is traced; nowhere by default. */
  readonly tracing?: Tracing;
  /** Threads for hashing that several `Auth` of a process share; `close` leaves them running. By default each `Auth` has its own. */
  readonly hashThreads?: HashThreads;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** What `Auth` works with. A base class, because the groups of `Auth` are fields that need the context to be set before them. */
export class AuthBase {
  declare protected readonly context: Context;
  /** Whether there is time for one more password to be hashed: a server asks before it reads a request. */
  readonly admission: AdmissionControl;

  constructor(db: DB, options: AuthOptions = {}) {
    const { settings = readSettings(), log = silent, clock = Date.now, mailer } = options;
    const { metrics = uncounted, tracing = untraced } = options;
    const passwords = new Passwords(settings, { metrics, tracing, threads: options.hashThreads });
    const trail = new AuditTrail(db, log, clock);
    const lastSeen = new LastSeen({ db, settings, clock, log, metrics });
    const context = { db, settings, log, trail, lastSeen, mailer, clock, metrics, tracing, passwords };
    // Not enumerable: otherwise an Auth that is logged would show the passwords in the settings.
    Object.defineProperty(this, "context", { value: context });
    this.admission = new AdmissionControl(this.context);
  }

  /** The settings in force, here and in every app of this `Auth`. */
  get settings(): Settings {
    return this.context.settings;
  }

  get log(): Log {
    return this.context.log;
  }

  get metrics(): Metrics {
    return this.context.metrics;
  }

  get tracing(): Tracing {
    return this.context.tracing;
  }

  /** Writes now which sessions were seen and what happened, which is otherwise done every few seconds. */
  async flush(): Promise<void> {
    await Promise.all([this.context.lastSeen.flush(), this.context.trail.flush()]);
  }

  /** Resolves when the database answers. */
  ping(): Promise<void> {
    return this.context.db.ping();
  }

  /** Writes what is still to be written and stops the threads. The database stays open. */
  async close(): Promise<void> {
    this.admission.flush();
    await this.flush();
    await this.context.passwords.close();
  }
}
