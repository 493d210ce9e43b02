import type { DB, NewEvent } from "../../db/db.ts";
import { AuthError, DatabaseUnavailable } from "../../errors.ts";
import type { Log } from "../../observe/log.ts";
import { toLogFields } from "../../observe/request-ids.ts";
import { day, hour } from "../../values/durations.ts";
import { emailKey } from "../../values/email.ts";
import { networkOf } from "../../values/network.ts";
import { isUserId, toStorableText, truncate } from "../../values/storable.ts";
import { WriteBehind } from "../write-behind.ts";
import { type BudgetLevel, EventBudget, levelsOfEntry, levelsOfLogLine } from "./budget.ts";
import type { EventDetails, EventName } from "./events.ts";

/** Events that, like refusals, change nothing unless `changed` says so: anybody can cause any number of them. */
const changesNothing: ReadonlySet<EventName> = new Set<EventName>([
  "account_exported",
  "limited",
  "password_needed",
  "reset_asked",
  "verification_asked",
]);

/** How long events are gathered before they are written, and how often the counts of merged ones are, in milliseconds. */
const gathered = 1000;
const mergedEvery = 10_000;
/** How often the log says how many lines of refusals it left out, in milliseconds. */
const unloggedEvery = 60_000;
/** How many events one statement writes, and how many refusals wait unmerged while the database does not answer. */
const batch = 100;
const mostPending = 5000;

/** An event, and how often it happened. */
interface Entry {
  readonly event: NewEvent;
  readonly isAct: boolean;
  /** Whether the budget has counted it. */
  readonly isCounted?: boolean;
  times: number;
}

/** An entry that counts what the budget has no room for. It is inserted once, and updated when its count grows. */
interface Merged {
  readonly event: NewEvent;
  readonly began: number;
  id: number | undefined;
  times: number;
  /** The count that was written. */
  written: number;
}

/**
 * The audit trail: events are logged, and written to the database in batches, off the path of the request that caused them.
 *
 * An event that changed something always has a line and an entry of its own: the write that it reports bounds their number.
 * Anybody can cause any number of the others. The same one many times in a second from one network is one entry, of the first,
 * with the number; and those for which `EventBudget` has no room are merged, so that no flood fills the disk.
 */
export class AuditTrail {
  readonly #db: DB;
  readonly #log: Log;
  readonly #clock: () => number;
  readonly #entries: EventBudget;
  readonly #lines: EventBudget;
  readonly #pending: WriteBehind<Entry>;
  #acts = 0;
  readonly #merged = new Map<string, Merged>();
  #mergedAt = Number.NEGATIVE_INFINITY;
  /** How many lines of each event the log had no room for. */
  readonly #unlogged = new Map<EventName, number>();
  #unloggedAt = Number.NEGATIVE_INFINITY;

  constructor(db: DB, log: Log, clock: () => number) {
    this.#db = db;
    this.#log = log;
    this.#clock = clock;
    this.#entries = new EventBudget(day, clock);
    this.#lines = new EventBudget(hour, clock);
    this.#pending = new WriteBehind<Entry>({
      delay: gathered,
      maxPending: mostPending,
      isBounded: ({ isAct }) => !isAct,
      overflow: (entry) => this.#merge(entry),
      merge(older, { times }) {
        older.times += times;
        return older;
      },
      write: (entries, isAsked) => this.#write(entries, isAsked ? 0 : mergedEvery),
      onError: (error) => log.warn({ err: error }, "could not write the audit trail; retrying later"),
    });
  }

  /**
   * Does the work, and records the code of a refusal, after a detail if any. `too_many_tries` is recorded by the limit, and `busy`
   * is only counted, because nothing was tried.
   */
  async recordIfRejected<T>(name: EventName, circumstances: EventDetails, work: () => T | Promise<T>): Promise<T> {
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
  record(name: EventName, { caller = {}, userId, address, detail: why, changed, times = 1 }: EventDetails): void {
    const { ip, userAgent } = caller;
    const detail = toStorableText(why);
    const act = changed ?? !(name.endsWith("_refused") || changesNothing.has(name));
    const event: NewEvent = {
      at: this.#clock(),
      event: name,
      userId: isUserId(userId) ? userId : null,
      email: address,
      ip: ip ?? null,
      userAgent: userAgent ?? null,
      detail,
    };
    if (act || this.#lines.take(levelsOfLogLine(event))) {
      const told = counted(event, times).detail;
      const fields = { event: name, userId, ip, ...(told && { detail: told }), ...toLogFields(caller.request) };
      this.#log.info(fields, name.replaceAll("_", " "));
    } else {
      this.#unlogged.set(name, (this.#unlogged.get(name) ?? 0) + 1);
    }
    // Callers can invent User-Agents, spellings of an address, and addresses within an IPv6 network.
    const about = address === undefined ? undefined : emailKey(address);
    const same = JSON.stringify([name, event.userId, about, networkOf(ip) ?? ip, detail]);
    this.#pending.add(act ? `${this.#acts++}` : same, { event, isAct: act, times });
    this.#pending.flushSoon();
  }

  /** Writes what was noted; resolves when all of it is there, or has to wait for the database. */
  flush(): Promise<void> {
    return this.#pending.flush();
  }

  /** @param age writes the counts of merged entries if they were last written at least so many milliseconds ago */
  async #write(entries: Map<string, Entry>, age: number): Promise<void> {
    this.#tellUnlogged(age);
    await this.#addAccounts(entries);
    for (const [key, entry] of entries) {
      if (this.#hasRoom(entry)) entries.set(key, { ...entry, isCounted: true });
      else entries.delete(key);
    }
    const all = [...entries];
    for (let from = 0; from < all.length; from += batch) await this.#writeSome(entries, all.slice(from, from + batch));
    if (performance.now() - this.#mergedAt >= age) await this.#writeMerged();
    else if (this.#unlogged.size > 0 || this.#unwrittenMerged().length > 0) this.#pending.flushSoon();
  }

  #tellUnlogged(age: number): void {
    if (this.#unlogged.size === 0) return;
    const now = performance.now();
    if (age > 0 && now - this.#unloggedAt < unloggedEvery) return;
    const count = [...this.#unlogged.values()].reduce((sum, lines) => sum + lines);
    const events = Object.fromEntries(this.#unlogged);
    this.#log.warn({ event: "refusals_unlogged", count, events }, "left refusals out of the log");
    this.#unlogged.clear();
    this.#unloggedAt = now;
  }

  /** Adds the accounts that have the addresses by now: their entries are limited by account. */
  async #addAccounts(entries: Map<string, Entry>): Promise<void> {
    const emails = [...entries.values()].flatMap(({ event }) => (event.email === undefined ? [] : [event.email]));
    const ids = emails.length === 0 ? new Map() : await this.#db.users.findIdsByEmail(emails);
    for (const [key, entry] of entries) {
      const userId = entry.event.userId ?? ids.get(emailKey(entry.event.email ?? "")) ?? null;
      entries.set(key, { ...entry, event: { ...entry.event, userId } });
    }
  }

  /** Whether an entry is written as it is; otherwise it is merged. */
  #hasRoom(entry: Entry): boolean {
    if (entry.isAct || entry.isCounted || this.#entries.take(levelsOfEntry(entry.event))) return true;
    this.#merge(entry);
    return false;
  }

  #merge({ event: { at, event, userId, ip }, times }: Entry): void {
    const began = this.#entries.renew();
    const keyOf = ({ name }: BudgetLevel) => `${began} ${event} ${name}`;
    const level = this.#entries.merge(levelsOfEntry({ event, userId, ip }), (each) => this.#merged.has(keyOf(each)));
    const merged = this.#merged.get(keyOf(level));
    if (merged) {
      merged.times += times;
      return;
    }
    const about = { userId: level.userId, ip: level.ip, userAgent: null, detail: null };
    this.#merged.set(keyOf(level), { event: { at, event, ...about }, began, id: undefined, times, written: 0 });
  }

  #unwrittenMerged(): Merged[] {
    return [...this.#merged.values()].filter(({ times, written }) => times > written);
  }

  async #writeMerged(): Promise<void> {
    this.#mergedAt = performance.now();
    const unwritten = this.#unwrittenMerged();
    for (let i = 0; i < unwritten.length; i += batch) {
      const some = unwritten.slice(i, i + batch).map((merged) => ({ merged, times: merged.times }));
      const ids = await this.#db.audit.save(
        some.map(({ merged: { id, event }, times }) => ({ id, event: counted({ ...event, detail: "merged" }, times) })),
      );
      for (const [j, { merged, times }] of some.entries()) {
        merged.id = ids[j];
        merged.written = times;
      }
    }
    const began = this.#entries.renew();
    for (const [key, merged] of this.#merged) {
      if (merged.began !== began && merged.times === merged.written) this.#merged.delete(key);
    }
  }

  /**
   * Writes some of these entries and removes them. If the database refuses them, each half is tried alone, so that an entry that
   * cannot be written is dropped without the others.
   *
   * @throws {DatabaseUnavailable} when nothing can be written now
   */
  async #writeSome(entries: Map<string, Entry>, some: readonly [string, Entry][]): Promise<void> {
    try {
      await this.#db.audit.add(some.map(([, { event, times }]) => counted(event, times)));
    } catch (error) {
      if (error instanceof DatabaseUnavailable) throw error;
      if (some.length > 1) {
        const half = Math.ceil(some.length / 2);
        await this.#writeSome(entries, some.slice(0, half));
        return this.#writeSome(entries, some.slice(half));
      }
      this.#log.error(
        { event: "trail_entry_dropped", dropped: some[0]?.[1].event.event, err: error },
        "dropped an audit event that the database rejects",
      );
    }
    for (const [key] of some) entries.delete(key);
  }
}

/** Room for a detail and how often it happened, in a column of 250 characters. */
const longestDetail = 220;

function counted(event: NewEvent, times: number): NewEvent {
  if (times === 1) return event;
  return { ...event, detail: `${event.detail ? `${truncate(event.detail, longestDetail)}, ` : ""}${times} times` };
}
