import type { DB, NewEvent } from "../../db/db.ts";
import { AuthError, DatabaseUnavailable } from "../../errors.ts";
import type { Log } from "../../observe/log.ts";
import { toLogFields } from "../../observe/request-ids.ts";
import { day, hour } from "../../values/durations.ts";
import { emailKey } from "../../values/email.ts";
import { networkOf } from "../../values/network.ts";
import { isUserId, toStorableText, truncate } from "../../values/storable.ts";
import { WriteBehind } from "../write-behind.ts";
import { type BudgetLevel, EventBudget, getEntryLevels, getLogLineLevels } from "./budget.ts";
import type { EventDetails, EventName } from "./events.ts";

/** Events that, like refusals, change nothing unless `changed` is true. An attacker can cause any number of them. */
const changesNothing: ReadonlySet<EventName> = new Set<EventName>([
  "account_exported",
  "limited",
  "password_needed",
  "reset_asked",
  "verification_asked",
]);

/** How long events are collected before they are written, in milliseconds. */
const writeDelay = 1000;
/** How often the counts of merged entries are written, in milliseconds. */
const mergedInterval = 10_000;
/** How often the number of omitted log lines is logged, in milliseconds. */
const unloggedInterval = 60_000;
/** Events per statement. */
const batchSize = 100;
/** The maximum number of pending refusals while the database does not respond. Further ones are merged. */
const maxPending = 5000;

/** An event, and the number of its occurrences. */
interface Entry {
  readonly event: NewEvent;
  readonly isChange: boolean;
  /** True if the budget has counted it. */
  readonly isCounted?: boolean;
  times: number;
}

/** An entry that counts events for which the budget has no room. It is inserted once, and updated when its count grows. */
interface MergedEntry {
  readonly event: NewEvent;
  readonly windowStart: number;
  id: number | undefined;
  times: number;
  /** The count in the database. */
  written: number;
}

/**
 * The audit trail. Events are logged immediately, and written to the database in batches, so that requests do not wait.
 *
 * An event that changed something always gets a log line and an entry: there are no more of them than changes. An
 * attacker can cause any number of other events. To keep a flood from filling the disk, equal events of one network
 * within a second become one entry with their count, and events for which `EventBudget` has no room are merged.
 */
export class AuditTrail {
  readonly #db: DB;
  readonly #log: Log;
  readonly #clock: () => number;
  readonly #entries: EventBudget;
  readonly #lines: EventBudget;
  readonly #pending: WriteBehind<Entry>;
  #changes = 0;
  readonly #merged = new Map<string, MergedEntry>();
  #mergedAt = Number.NEGATIVE_INFINITY;
  /** The number of omitted log lines of each event. */
  readonly #unlogged = new Map<EventName, number>();
  #unloggedAt = Number.NEGATIVE_INFINITY;

  constructor(db: DB, log: Log, clock: () => number) {
    this.#db = db;
    this.#log = log;
    this.#clock = clock;
    this.#entries = new EventBudget(day, clock);
    this.#lines = new EventBudget(hour, clock);
    this.#pending = new WriteBehind<Entry>({
      delay: writeDelay,
      maxPending,
      isBounded: ({ isChange }) => !isChange,
      overflow: (entry) => this.#merge(entry),
      merge(older, { times }) {
        older.times += times;
        return older;
      },
      write: (entries, isExplicit) => this.#write(entries, isExplicit ? 0 : mergedInterval),
      onError: (error) => log.warn({ err: error }, "could not write the audit trail; retrying later"),
    });
  }

  /**
   * Runs `work`. If it throws an `AuthError`, records its code. Two codes are left out: `too_many_tries` is recorded by the
   * limit, and `busy` is only counted, because nothing was attempted.
   */
  async recordIfRejected<T>(name: EventName, details: EventDetails, work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const isRejection = error instanceof AuthError && !["too_many_tries", "busy"].includes(error.code);
      const { detail } = details;
      if (isRejection) this.record(name, { ...details, detail: `${detail ? `${detail}: ` : ""}${error.code}` });
      throw error;
    }
  }

  /** Records an event that happened now. */
  record(name: EventName, { caller = {}, userId, address, detail: reason, changed, times = 1 }: EventDetails): void {
    const { ip, userAgent } = caller;
    const detail = toStorableText(reason);
    const isChange = changed ?? !(name.endsWith("_refused") || changesNothing.has(name));
    const event: NewEvent = {
      at: this.#clock(),
      event: name,
      userId: isUserId(userId) ? userId : null,
      email: address,
      ip: ip ?? null,
      userAgent: userAgent ?? null,
      detail,
    };
    if (isChange || this.#lines.tryUse(getLogLineLevels(event))) {
      const detailWithTimes = addTimes(event, times).detail;
      const fields = {
        event: name,
        userId,
        ip,
        ...(detailWithTimes && { detail: detailWithTimes }),
        ...toLogFields(caller.requestIds),
      };
      this.#log.info(fields, name.replaceAll("_", " "));
    } else {
      this.#unlogged.set(name, (this.#unlogged.get(name) ?? 0) + 1);
    }
    // Leaves out what a caller can vary: User-Agent, spelling of the address, and IPv6 address within a network.
    const addressKey = address === undefined ? undefined : emailKey(address);
    const key = JSON.stringify([name, event.userId, addressKey, networkOf(ip) ?? ip, detail]);
    this.#pending.add(isChange ? `${this.#changes++}` : key, { event, isChange, times });
    this.#pending.flushSoon();
  }

  /** Writes all recorded events. Resolves when they are written, or a retry is scheduled. */
  flush(): Promise<void> {
    return this.#pending.flush();
  }

  /** @param minAge milliseconds since the last write of merged counts, before which they are not written again */
  async #write(entries: Map<string, Entry>, minAge: number): Promise<void> {
    this.#logOmittedLines(minAge);
    await this.#findAccounts(entries);
    for (const [key, entry] of entries) {
      if (this.#keepOrMerge(entry)) entries.set(key, { ...entry, isCounted: true });
      else entries.delete(key);
    }
    const all = [...entries];
    for (let from = 0; from < all.length; from += batchSize)
      await this.#writeBatch(entries, all.slice(from, from + batchSize));
    if (performance.now() - this.#mergedAt >= minAge) await this.#writeMerged();
    else if (this.#unlogged.size > 0 || this.#unwrittenMerged().length > 0) this.#pending.flushSoon();
  }

  #logOmittedLines(minAge: number): void {
    if (this.#unlogged.size === 0) return;
    const now = performance.now();
    if (minAge > 0 && now - this.#unloggedAt < unloggedInterval) return;
    const count = [...this.#unlogged.values()].reduce((sum, lines) => sum + lines);
    const events = Object.fromEntries(this.#unlogged);
    this.#log.warn({ event: "refusals_unlogged", count, events }, "left refusals out of the log");
    this.#unlogged.clear();
    this.#unloggedAt = now;
  }

  /** Looks up the accounts of addresses, because entries are limited by account. */
  async #findAccounts(entries: Map<string, Entry>): Promise<void> {
    const emails = [...entries.values()].flatMap(({ event }) => (event.email === undefined ? [] : [event.email]));
    const ids = emails.length === 0 ? new Map() : await this.#db.users.findIdsByEmail(emails);
    for (const [key, entry] of entries) {
      const userId = entry.event.userId ?? ids.get(emailKey(entry.event.email ?? "")) ?? null;
      entries.set(key, { ...entry, event: { ...entry.event, userId } });
    }
  }

  /** Returns true if the budget has room for an entry. Otherwise merges it and returns false. */
  #keepOrMerge(entry: Entry): boolean {
    if (entry.isChange || entry.isCounted || this.#entries.tryUse(getEntryLevels(entry.event))) return true;
    this.#merge(entry);
    return false;
  }

  #merge({ event: { at, event, userId, ip }, times }: Entry): void {
    const windowStart = this.#entries.startWindowIfOver();
    const keyOf = ({ name }: BudgetLevel) => `${windowStart} ${event} ${name}`;
    const level = this.#entries.chooseMergeLevel(getEntryLevels({ event, userId, ip }), (each) =>
      this.#merged.has(keyOf(each)),
    );
    const merged = this.#merged.get(keyOf(level));
    if (merged) {
      merged.times += times;
      return;
    }
    const mergedEvent = { at, event, userId: level.userId, ip: level.ip, userAgent: null, detail: null };
    this.#merged.set(keyOf(level), { event: mergedEvent, windowStart, id: undefined, times, written: 0 });
  }

  #unwrittenMerged(): MergedEntry[] {
    return [...this.#merged.values()].filter(({ times, written }) => times > written);
  }

  async #writeMerged(): Promise<void> {
    this.#mergedAt = performance.now();
    const unwritten = this.#unwrittenMerged();
    for (let i = 0; i < unwritten.length; i += batchSize) {
      const some = unwritten.slice(i, i + batchSize).map((merged) => ({ merged, times: merged.times }));
      const ids = await this.#db.audit.addOrUpdate(
        some.map(({ merged: { id, event }, times }) => ({
          id,
          event: addTimes({ ...event, detail: "merged" }, times),
        })),
      );
      for (const [j, { merged, times }] of some.entries()) {
        merged.id = ids[j];
        merged.written = times;
      }
    }
    const windowStart = this.#entries.startWindowIfOver();
    for (const [key, merged] of this.#merged) {
      if (merged.windowStart !== windowStart && merged.times === merged.written) this.#merged.delete(key);
    }
  }

  /**
   * Writes some entries and removes them from the map. If the database rejects them, writes each half separately, so that
   * only the entry that cannot be written is dropped.
   *
   * @throws {DatabaseUnavailable} if the database does not respond
   */
  async #writeBatch(entries: Map<string, Entry>, some: readonly [string, Entry][]): Promise<void> {
    try {
      await this.#db.audit.add(some.map(([, { event, times }]) => addTimes(event, times)));
    } catch (error) {
      if (error instanceof DatabaseUnavailable) throw error;
      if (some.length > 1) {
        const half = Math.ceil(some.length / 2);
        await this.#writeBatch(entries, some.slice(0, half));
        return this.#writeBatch(entries, some.slice(half));
      }
      this.#log.error(
        { event: "trail_entry_dropped", dropped: some[0]?.[1].event.event, err: error },
        "dropped an audit event that the database rejects",
      );
    }
    for (const [key] of some) entries.delete(key);
  }
}

/** Leaves room for the number of occurrences in a column of 250 characters. */
const maxDetailLength = 220;

function addTimes(event: NewEvent, times: number): NewEvent {
  if (times === 1) return event;
  return { ...event, detail: `${event.detail ? `${truncate(event.detail, maxDetailLength)}, ` : ""}${times} times` };
}
