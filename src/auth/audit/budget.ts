import type { NewEvent } from "../../db/db.ts";
import { networksOf } from "../../values/network.ts";

/**
 * The most entries that refusals make in a day (UTC) on each node: of one network, narrowest first (an IPv4 address or a /64, a
 * /56, a /48); of unknown networks, by event; of one account, by event; and of everyone. Further ones are merged into one entry
 * for each event and network, account, or everyone, which holds their number.
 *
 * In all, 5,000 entries name no account and 10,000 name one, with as many merged ones, and one of each event for everyone. On
 * SQLite an entry takes 175 bytes (715 with the longest User-Agent) and a merged one 100: 4 MB (12 MB) a day, and 370 MB (1.1 GB)
 * in the 90 days of `EVENTS_KEEP`.
 */
const strangers = { networks: [20, 40, 80], nowhere: 80, everyone: 5_000 } as const;
const accounts = { networks: [10, 15, 20], account: 30, everyone: 10_000 } as const;

/** The most lines of refusals in the log in an hour: 10,000 of 250 bytes are 60 MB a day. */
const lines = { networks: [200, 400, 800], nowhere: 800, everyone: 10_000 } as const;

/** Entries that are counted together. */
export interface BudgetLevel {
  readonly name: string;
  /** How many entries it may have, and how many merged ones beside them. */
  readonly max: number;
  readonly maxMerged: number;
  /** What a merged entry of this level names. */
  readonly userId: number | null;
  readonly ip: string | null;
}

/** The levels in which the entry of a refusal counts, the narrowest first. */
export function levelsOfEntry({ event, userId, ip }: Pick<NewEvent, "event" | "userId" | "ip">): BudgetLevel[] {
  const networks = networksOf(ip ?? undefined);
  if (userId === null) return [...networkLevels(networks, event, strangers), everyone("strangers", strangers.everyone)];
  // By event, and apart from what names nobody: a flood of one kind does not hide another, nor what happens at an account.
  const name = `account ${userId} ${event}`;
  return [
    ...networks.map((ip, i) => level(`${name} ${ip}`, accounts.networks[i], { userId, ip })),
    level(name, accounts.account, { userId }),
    everyone("accounts", accounts.everyone),
  ];
}

/** The levels in which the log line of a refusal counts, the narrowest first. */
export function levelsOfLogLine({ event, ip }: Pick<NewEvent, "event" | "ip">): BudgetLevel[] {
  return [...networkLevels(networksOf(ip ?? undefined), event, lines), everyone("lines", lines.everyone)];
}

function networkLevels(
  networks: readonly string[],
  event: string,
  most: typeof strangers | typeof lines,
): BudgetLevel[] {
  if (networks.length === 0) return [level(`nowhere ${event}`, most.nowhere)];
  return networks.map((ip, i) => level(ip, most.networks[i], { ip }));
}

function level(name: string, most = 0, about: Partial<Pick<BudgetLevel, "userId" | "ip">> = {}): BudgetLevel {
  return { name, max: most, maxMerged: 0, userId: null, ip: null, ...about };
}

function everyone(name: string, most: number): BudgetLevel {
  return { ...level(name, most), maxMerged: most };
}

/** Counts entries by level, from zero in each window. It holds no more counts than it has allowed entries. */
export class EventBudget {
  readonly #window: number;
  readonly #clock: () => number;
  #began = 0;
  readonly #used = new Map<string, number>();

  /** @param window in milliseconds; windows begin at its multiples since 1970 */
  constructor(window: number, clock: () => number) {
    this.#window = window;
    this.#clock = clock;
  }

  /** Begins a new window if the present one is over; returns when it began. */
  renew(): number {
    const began = Math.floor(this.#clock() / this.#window) * this.#window;
    if (began !== this.#began) this.#used.clear();
    this.#began = began;
    return began;
  }

  /** Counts an entry in each level and returns true, or, if one of them is full, in none. */
  take(levels: readonly BudgetLevel[]): boolean {
    this.renew();
    if (this.#widestFull(levels) >= 0) return false;
    this.#count(levels);
    return true;
  }

  /**
   * Returns the level whose merged entry counts an entry that `take` refused: the widest full one. If that is everyone's, it is the
   * next narrower level, as long as there is room for merged entries. A new merged entry counts in the wider levels.
   *
   * @param isMerged whether a level has a merged entry already
   */
  merge(levels: readonly BudgetLevel[], isMerged: (level: BudgetLevel) => boolean): BudgetLevel {
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
