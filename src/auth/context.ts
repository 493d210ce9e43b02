import type { DB } from "../db/db.ts";
import type { Log } from "../log.ts";
import type { Language, Mailer } from "../mailer.ts";
import type { Metrics } from "../metrics.ts";
import type { RequestIds } from "../request-ids.ts";
import type { Settings } from "../settings.ts";
import type { Tracing } from "../tracing.ts";
import type { Trail } from "./events.ts";
import type { LastSeen } from "./last-seen.ts";
import type { Passwords } from "./passwords.ts";

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
  /** The secret of a device, by which an account knows it again; of several, the first that the account knows counts. */
  readonly device?: string | readonly string[] | undefined;
  /**
   * Names of what they do by this request, which only they can make again (`actName`): sent once more within a minute, it is
   * answered as done. Without them it is done as often as it is sent.
   */
  readonly acts?: readonly string[] | undefined;
  /** The request that they make it by, as it is called in the log. */
  readonly request?: RequestIds | undefined;
}
