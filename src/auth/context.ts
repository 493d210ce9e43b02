import type { DB } from "../db/db.ts";
import type { Language, Mailer } from "../mail/mailer.ts";
import type { Log } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { RequestIds } from "../observe/request-ids.ts";
import type { Tracing } from "../observe/tracing.ts";
import type { Settings } from "../settings/settings.ts";
import type { Trail } from "./audit/audit.ts";
import type { Passwords } from "./passwords/passwords.ts";
import type { LastSeen } from "./sessions/last-seen.ts";

/** What the parts of `Auth` work with. */
export interface Context {
  readonly db: DB;
  readonly settings: Settings;
  readonly passwords: Passwords;
  readonly log: Log;
  readonly trail: Trail;
  readonly lastSeen: LastSeen;
  /** Without one, mails wait in the outbox. */
  readonly mailer: Mailer | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
}

/** Who asks, as far as it is known: kept with the session, told in the log, and what a flood is divided by. */
export interface Caller {
  /** An IPv4 or IPv6 address. */
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
  /** What mails are written in. */
  readonly language?: Language | undefined;
  /** The secret of a device that an account may know. If there are several, the first that the account knows counts. */
  readonly device?: string | readonly string[] | undefined;
  /**
   * The secret that a caller without one gets when it redeems a mailed token. The account knows it from then on; the program
   * must hand it to the caller.
   */
  readonly newDevice?: string | undefined;
  /**
   * Names of what this request does, which only this caller can make again (`actName`): the same request within a minute is
   * answered as done. Without names, each request does its work.
   */
  readonly acts?: readonly string[] | undefined;
  /** The request that they make it by, as it is called in the log. */
  readonly request?: RequestIds | undefined;
}
