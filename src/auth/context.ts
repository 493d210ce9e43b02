import type { DB } from "../db/db.ts";
import type { Mailer } from "../mail/mailer.ts";
import type { Log } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { Tracing } from "../observe/tracing.ts";
import type { Settings } from "../settings/settings.ts";
import type { AuditTrail } from "./audit/trail.ts";
import type { LastSeen } from "./last-seen.ts";
import type { Passwords } from "./passwords/passwords.ts";

/** The dependencies of the functions of `Auth`. */
export interface Context {
  readonly db: DB;
  readonly settings: Settings;
  readonly passwords: Passwords;
  readonly log: Log;
  readonly trail: AuditTrail;
  readonly lastSeen: LastSeen;
  /** Undefined in a process that sends no email: emails stay in the outbox. */
  readonly mailer: Mailer | undefined;
  /** Returns milliseconds since the epoch. */
  readonly clock: () => number;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
}
