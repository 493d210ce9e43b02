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
  /** Defaults to `readSettings()`. */
  readonly settings?: Settings;
  /** The logger, for example a pino instance. */
  readonly log?: Log;
  /** Sends emails. Without a mailer, emails stay in the outbox and are dropped after a day. */
  readonly mailer?: Mailer;
  /** Counts hashes and database errors. */
  readonly metrics?: Metrics;
  /** Traces hashing and email. */
  readonly tracing?: Tracing;
  /**
   * Hash threads to share with other `Auth` objects. `close` leaves them running. By default, each `Auth` starts its
   * own.
   */
  readonly hashThreads?: HashThreads;
  /** Returns milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** The context of `Auth`, in a base class because the fields of `Auth` need it when they are initialized. */
export class AuthBase {
  declare protected readonly context: Context;
  /** Checks whether the hash queue has room for a request, before the server reads it. */
  readonly admission: AdmissionControl;

  constructor(db: DB, options: AuthOptions = {}) {
    const { settings = readSettings(), log = silent, clock = Date.now, mailer } = options;
    const { metrics = uncounted, tracing = untraced } = options;
    const passwords = new Passwords(settings, { metrics, tracing, threads: options.hashThreads });
    const trail = new AuditTrail(db, log, clock);
    const lastSeen = new LastSeen({ db, settings, clock, log, metrics });
    const context = { db, settings, log, trail, lastSeen, mailer, clock, metrics, tracing, passwords };
    // Not enumerable: logging an Auth must not print the passwords in the settings.
    Object.defineProperty(this, "context", { value: context });
    this.admission = new AdmissionControl(this.context);
  }

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

  /** Writes the last use of sessions and the audit trail now, instead of within a few seconds. */
  async flush(): Promise<void> {
    await Promise.all([this.context.lastSeen.flush(), this.context.trail.flush()]);
  }

  /** Resolves if the database responds. */
  ping(): Promise<void> {
    return this.context.db.ping();
  }

  /** Writes all pending data and stops the hash threads. The database stays open. */
  async close(): Promise<void> {
    this.admission.flush();
    await this.flush();
    await this.context.passwords.close();
  }
}
