import type { NewEvent } from "../../db/db.ts";
import { networksOf } from "../../values/network.ts";

/**
 * The maximum number of audit entries for refusals, per day (UTC) and node:
 *
 * - `networks`: for a network, narrowest first (an IPv4 address or a /64, a /56, a /48)
 * - `noNetwork`: for all callers without an IP address, by event
 * - `account`: for an account, by event
 * - `total`: for all of these. The same number of merged entries can be added, plus one for each event
 *
 * Further refusals are merged: one entry for each event and network, account or total counts them.
 *
 * On SQLite an entry takes 175 bytes (715 with the longest User-Agent) and a merged one 100. The maximum is 4 MB (12 MB) a
 * day, and 370 MB (1.1 GB) in the 90 days of `EVENTS_KEEP`.
 */
const anonymous = { networks: [20, 40, 80], noNetwork: 80, total: 5_000 } as const;
const accounts = { networks: [10, 15, 20], account: 30, total: 10_000 } as const;

/** The maximum number of log lines for refusals, per hour. 10,000 lines of 250 bytes are 60 MB a day. */
const lines = { networks: [200, 400, 800], noNetwork: 800, total: 10_000 } as const;

/** A group of entries that share a maximum. */
export interface BudgetLevel {
  readonly name: string;
  readonly max: number;
  /** The maximum number of merged entries, in addition to `max`. */
  readonly maxMerged: number;
  /** The account and network that a merged entry names. */
  readonly userId: number | null;
  readonly ip: string | null;
}

/** Returns the levels in which the entry of a refusal counts, narrowest first. */
export function getEntryLevels({ event, userId, ip }: Pick<NewEvent, "event" | "userId" | "ip">): BudgetLevel[] {
  const networks = networksOf(ip ?? undefined);
  if (userId === null)
    return [...createNetworkLevels(networks, event, anonymous), createTotalLevel("anonymous", anonymous.total)];
  // By event, and separate from entries without an account: a flood of one kind must not hide others.
  const name = `account ${userId} ${event}`;
  return [
    ...networks.map((ip, i) => createLevel(`${name} ${ip}`, accounts.networks[i], { userId, ip })),
    createLevel(name, accounts.account, { userId }),
    createTotalLevel("accounts", accounts.total),
  ];
}

/** Returns the levels in which the log line of a refusal counts, narrowest first. */
export function getLogLineLevels({ event, ip }: Pick<NewEvent, "event" | "ip">): BudgetLevel[] {
  return [...createNetworkLevels(networksOf(ip ?? undefined), event, lines), createTotalLevel("lines", lines.total)];
}

function createNetworkLevels(
  networks: readonly string[],
  event: string,
  limits: typeof anonymous | typeof lines,
): BudgetLevel[] {
  if (networks.length === 0) return [createLevel(`no network ${event}`, limits.noNetwork)];
  return networks.map((ip, i) => createLevel(ip, limits.networks[i], { ip }));
}

function createLevel(name: string, max = 0, about: Partial<Pick<BudgetLevel, "userId" | "ip">> = {}): BudgetLevel {
  return { name, max, maxMerged: 0, userId: null, ip: null, ...about };
}

function createTotalLevel(name: string, max: number): BudgetLevel {
  return { ...createLevel(name, max), maxMerged: max };
}

/** Counts entries by level in a fixed window. Memory is bounded by the number of allowed entries. */
export class EventBudget {
  readonly #window: number;
  readonly #clock: () => number;
  #startedAt = 0;
  readonly #used = new Map<string, number>();

  /** @param window in milliseconds; windows start at multiples of it since the epoch */
  constructor(window: number, clock: () => number) {
    this.#window = window;
    this.#clock = clock;
  }

  /** Starts a new window if the current one is over. Returns the start of the current one. */
  startWindowIfOver(): number {
    const startedAt = Math.floor(this.#clock() / this.#window) * this.#window;
    if (startedAt !== this.#startedAt) this.#used.clear();
    this.#startedAt = startedAt;
    return startedAt;
  }

  /** Counts an entry in each level and returns true. If a level is full, counts nothing and returns false. */
  tryUse(levels: readonly BudgetLevel[]): boolean {
    this.startWindowIfOver();
    if (this.#widestFull(levels) >= 0) return false;
    this.#count(levels);
    return true;
  }

  /**
   * Returns the level whose merged entry counts an entry for which there is no room. This is the widest full level, or,
   * if that is the total, the next narrower level while there is room for merged entries. A new merged entry counts in
   * all wider levels.
   *
   * @param isMerged returns true if a level has a merged entry already
   */
  chooseMergeLevel(levels: readonly BudgetLevel[], isMerged: (level: BudgetLevel) => boolean): BudgetLevel {
    const last = levels.length - 1;
    const full = this.#widestFull(levels);
    for (let i = Math.max(0, full === last ? last - 1 : full); i < last; i++) {
      const level = levels[i] as BudgetLevel;
      if (isMerged(level)) return level;
      const wider = levels.slice(i + 1);
      if (wider.some((each) => this.#countOf(each) >= each.max + each.maxMerged)) continue;
      this.#count(wider);
      return level;
    }
    return levels[last] as BudgetLevel;
  }

  #widestFull(levels: readonly BudgetLevel[]): number {
    return levels.findLastIndex((level) => this.#countOf(level) >= level.max);
  }

  #countOf({ name }: BudgetLevel): number {
    return this.#used.get(name) ?? 0;
  }

  #count(levels: readonly BudgetLevel[]): void {
    for (const level of levels) this.#used.set(level.name, this.#countOf(level) + 1);
  }
}
