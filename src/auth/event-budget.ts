import type { NewEvent } from "../db/db.ts";
import { networksOf } from "./network.ts";

/**
 * How many entries refusals make at most in a day (UTC), on each node: so many of a network, narrowest first (the /64 of an IPv6
 * address or an IPv4 address, the /56, the /48); of callers whose network is unknown, by event; of an account, by event; and of
 * everyone. What is past that is merged: into one more entry of an event and network, account, or everyone, which counts. The
 * merged entries of networks and accounts are bounded by as many again.
 *
 * In all, 5,000 that name no account and 10,000 that name one, as many merged ones, and one of each event for everyone. On
 * SQLite an entry takes 175 bytes (715 with the longest User-Agent) and a merged one 100: 4 MB (12 MB) a day, and 370 MB (1.1 GB)
 * in the 90 days of `EVENTS_KEEP`.
 */
const strangers = { networks: [20, 40, 80], nowhere: 80, everyone: 5_000 } as const;
const accounts = { networks: [10, 15, 20], account: 30, everyone: 10_000 } as const;

/** The same for the lines of refusals in the log, in an hour: 10,000 lines of 250 bytes, 60 MB a day. */
const lines = { networks: [200, 400, 800], nowhere: 800, everyone: 10_000 } as const;

/** Entries that are counted together. */
export interface Level {
  readonly name: string;
  /** How many there may be, and how many more of merged ones. */
  readonly most: number;
  readonly mergedMost: number;
  /** What a merged entry of this level names. */
  readonly userId: number | null;
  readonly ip: string | null;
}

/** Where an entry of a refusal counts, the narrowest level first. */
export function entryLevels({ event, userId, ip }: Pick<NewEvent, "event" | "userId" | "ip">): Level[] {
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

/** Where a line of a refusal in the log counts. */
export function lineLevels({ event, ip }: Pick<NewEvent, "event" | "ip">): Level[] {
  return [...networkLevels(networksOf(ip ?? undefined), event, lines), everyone("lines", lines.everyone)];
}

function networkLevels(networks: readonly string[], event: string, most: typeof strangers | typeof lines): Level[] {
  if (networks.length === 0) return [level(`nowhere ${event}`, most.nowhere)];
  return networks.map((ip, i) => level(ip, most.networks[i], { ip }));
}

function level(name: string, most = 0, about: Partial<Pick<Level, "userId" | "ip">> = {}): Level {
  return { name, most, mergedMost: 0, userId: null, ip: null, ...about };
}

function everyone(name: string, most: number): Level {
  return { ...level(name, most), mergedMost: most };
}

/** Counts entries level by level, anew in each window. What it holds is bounded by what it lets through. */
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
  take(levels: readonly Level[]): boolean {
    this.renew();
    if (this.#widestFull(levels) >= 0) return false;
    this.#count(levels);
    return true;
  }

  /**
   * Returns the level whose merged entry takes one that `take` refused: the widest that is full; where that is everyone's, the one
   * before, while merged entries have room. A new merged entry counts in the wider levels.
   *
   * @param isMerged whether a level has a merged entry already
   */
  merge(levels: readonly Level[], isMerged: (level: Level) => boolean): Level {
    const last = levels.length - 1;
    const full = this.#widestFull(levels);
    for (let i = Math.max(0, full === last ? last - 1 : full); i < last; i++) {
      const level = levels[i] as Level;
      if (isMerged(level)) return level;
      const wider = levels.slice(i + 1);
      if (wider.some((each) => this.#countOf(each) >= each.most + each.mergedMost)) continue;
      this.#count(wider);
      return level;
    }
    return levels[last] as Level;
  }

  #widestFull(levels: readonly Level[]): number {
    return levels.findLastIndex((level) => this.#countOf(level) >= level.most);
  }

  #countOf({ name }: Level): number {
    return this.#used.get(name) ?? 0;
  }

  #count(levels: readonly Level[]): void {
    for (const level of levels) this.#used.set(level.name, this.#countOf(level) + 1);
  }
}
