import type { DB } from "../db/db.ts";
import type { Mailer } from "../mail/mailer.ts";
import type { Log } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { Tracing } from "../observe/tracing.ts";
import type { Settings } from "../settings/settings.ts";
import type { AuditTrail } from "./audit/trail.ts";
import type { LastSeen } from "./last-seen.ts";
import type { Passwords } from "./passwords/passwords.ts";

/** What the parts of `Auth` work with. */
export interface Context {
  readonly db: DB;
  readonly settings: Settings;
  readonly passwords: Passwords;
  readonly log: Log;
  readonly trail: AuditTrail;
  readonly lastSeen: LastSeen;
  /** Without one, mails wait in the outbox. */
  readonly mailer: Mailer | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
}
