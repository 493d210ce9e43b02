import type { DB, NewEvent } from "../db/db.ts";
import { emailKey } from "../email.ts";
import { AuthError, DatabaseUnavailable } from "../errors.ts";
import type { Log } from "../log.ts";
import { idsInLog } from "../request-ids.ts";
import { cut, isId, storable } from "../storable.ts";
import type { Caller } from "./context.ts";
import { networkOf } from "./network.ts";

/** Everything that the audit trail tells of. */
export type EventName =
  | "account_deleted"
  | "account_disabled"
  | "account_enabled"
  | "account_exported"
  | "account_invited"
  | "accounts_adopted"
  | "accounts_exported"
  | "accounts_imported"
  | "email_change_asked"
  | "email_change_refused"
  | "email_changed"
  | "email_verified"
  | "limited"
  | "logged_in"
  | "logged_out"
  | "login_refused"
  | "mails_retried"
  | "operation_refused"
  | "password_changed"
  | "password_confirmed"
  | "password_needed"
  | "password_refused"
  | "password_reset"
  | "registration_asked"
  | "registration_refused"
  | "request_refused"
  | "reset_asked"
  | "reset_refused"
  | "reset_token_made"
  | "sessions_ended"
  | "user_registered"
  | "verification_asked"
  | "verification_refused";

/** What is known of an event. */
export interface Circumstances {
  readonly caller?: Caller;
  readonly userId?: number | undefined;
  /** Whose account it is about, where nobody looked whether there is one. */
  readonly address?: string | undefined;
  /** Why, or by whom. */
  readonly detail?: string;
}

/** How long events are gathered before they are written, in milliseconds. */
const gathered = 1000;
/** How many one statement writes, and how many wait at most while the database does not answer. */
const batch = 100;
const mostPending = 20_000;

/** An event, and how often it happened. */
interface Entry {
  readonly event: NewEvent;
  times: number;
}

/**
 * The audit trail: every event is told in the log, and written to the database in batches, off the path of the request that
 * caused it. The same event many times in a moment from one network becomes one entry, of the first, that says how many: a
 * flood does not fill the disk.
 */
export class Trail {
  readonly #db: DB;
  readonly #log: Log;
  readonly #clock: () => number;
  #pending = new Map<string, Entry>();
  /** How many entries there was no room for. */
  #lost = 0;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(db: DB, log: Log, clock: () => number) {
    this.#db = db;
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * Does the work, and takes note of why it is refused, after a detail if any. Too many tries have an entry of their own, and
   * those for which there was no time are counted: nothing was tried.
   */
  async watch<T>(name: EventName, circumstances: Circumstances, work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const isRefusal = error instanceof AuthError && !["too_many_tries", "busy"].includes(error.code);
      const { detail } = circumstances;
      if (isRefusal) this.record(name, { ...circumstances, detail: `${detail ? `${detail}: ` : ""}${error.code}` });
      throw error;
    }
  }

  /** Takes note of something that happened now. */
  record(name: EventName, { caller = {}, userId, address, detail: why }: Circumstances): void {
    const { ip, userAgent } = caller;
    const detail = storable(why);
    const fields = { event: name, userId, ip, ...(detail && { detail }), ...idsInLog(caller.request) };
    this.#log.info(fields, name.replaceAll("_", " "));
    const event: NewEvent = {
      at: this.#clock(),
      event: name,
      userId: isId(userId) ? userId : null,
      email: address,
      ip: ip ?? null,
      userAgent: userAgent ?? null,
      detail,
    };
    // Callers can invent User-Agents, spellings of an address, and addresses within an IPv6 network.
    const about = address === undefined ? undefined : emailKey(address);
    const key = JSON.stringify([name, event.userId, about, networkOf(ip) ?? ip, detail]);
    this.#gather(key, { event, times: 1 });
    this.#flushSoon();
  }

  /** Writes what was noted; resolves when all of it is there, or has to wait for the database. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => void this.flush(), gathered).unref();
  }

  #gather(key: string, entry: Entry): void {
    const same = this.#pending.get(key);
    if (same) same.times += entry.times;
    else if (this.#pending.size < mostPending) this.#pending.set(key, entry);
    else this.#lost++;
  }

  async #write(): Promise<void> {
    const unwritten = [...this.#pending];
    this.#pending = new Map();
    if (this.#lost > 0) {
      this.#log.error({ event: "trail_full", lost: this.#lost }, "the audit trail had no room for what happened");
      this.#lost = 0;
    }
    try {
      while (unwritten.length > 0) await this.#writeFirst(unwritten, batch);
    } catch (error) {
      this.#putBack(unwritten);
      this.#flushSoon();
      this.#log.warn({ err: error }, "could not write the audit trail; trying again later");
    }
  }

  /**
   * Writes the first `many` of these entries and removes them from the list. If the database refuses a batch, each half is
   * tried alone, so that an entry that cannot be written is dropped without the others.
   *
   * @throws {DatabaseUnavailable} when nothing can be written now
   */
  async #writeFirst(unwritten: [string, Entry][], many: number): Promise<void> {
    const events = unwritten.slice(0, many).map(([, { event, times }]) => counted(event, times));
    try {
      await this.#db.addEvents(events);
    } catch (error) {
      if (error instanceof DatabaseUnavailable) throw error;
      if (events.length > 1) {
        const half = Math.ceil(events.length / 2);
        await this.#writeFirst(unwritten, half);
        return this.#writeFirst(unwritten, events.length - half);
      }
      this.#log.error(
        { event: "trail_entry_dropped", dropped: events[0]?.event, err: error },
        "the audit trail has no entry of something that happened: the database refuses to hold it",
      );
    }
    unwritten.splice(0, events.length);
  }

  /** In the order in which it happened, together with what happened meanwhile. */
  #putBack(unwritten: readonly [string, Entry][]): void {
    const newer = this.#pending;
    this.#pending = new Map(unwritten);
    for (const [key, entry] of newer) this.#gather(key, entry);
  }
}

/** Room for a detail and how often it happened, in a column of 250 characters. */
const longestDetail = 220;

function counted(event: NewEvent, times: number): NewEvent {
  if (times === 1) return event;
  return { ...event, detail: `${event.detail ? `${cut(event.detail, longestDetail)}, ` : ""}${times} times` };
}
