import type { DB } from "../db/db.ts";
import type { Log } from "../log.ts";
import type { Settings } from "../settings.ts";
import type { Passwords } from "./passwords.ts";

/** What the parts of `Auth` work with. */
export interface Context {
  readonly db: DB;
  readonly settings: Settings;
  readonly passwords: Passwords;
  readonly log: Log;
}

/** Who asks, as far as it is known: kept with the session, told in the log, and what a flood is divided by. */
export interface Caller {
  /** An IPv4 or IPv6 address. */
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
}
