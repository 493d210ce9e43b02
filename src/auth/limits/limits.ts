import { hash } from "node:crypto";
import type { CountedAttempt, Limit, ReservationResult } from "../../db/db.ts";
import { AuthError, DatabaseUnavailable } from "../../errors.ts";
import type { Settings } from "../../settings/settings.ts";
import { day, formatWait } from "../../values/durations.ts";
import { emailKey, isDeliverable } from "../../values/email.ts";
import { networksOf } from "../../values/network.ts";
import type { Caller } from "../caller.ts";
import type { Context } from "../context.ts";

/** Whose tries are counted together. */
type SubjectKind =
  | "account"
  | "address"
  | "reset"
  | "verification"
  | "move"
  | "mover"
  | "registration"
  | "network"
  | "device";

type LimitSetting = Extract<keyof Settings, `LIMIT_${string}`>;

/** What is limited, and by which settings. */
const limits = {
  login: [
    ["LIMIT_LOGIN_ACCOUNT", "account"],
    ["LIMIT_LOGIN_STREAK", "account"],
    ["LIMIT_LOGIN_NETWORK", "network"],
  ],
  loginFromKnownDevice: [
    ["LIMIT_LOGIN_DEVICE", "device"],
    ["LIMIT_LOGIN_STREAK", "device"],
  ],
  registration: [
    ["LIMIT_REGISTRATION_ACCOUNT", "account"],
    ["LIMIT_REGISTRATION_NETWORK", "network"],
  ],
  // Kept without a mail if other spellings of the mailbox have used the mails up.
  keptRegistration: [["LIMIT_REGISTRATION_ACCOUNT", "address"]],
  resetMail: [
    ["LIMIT_MAIL_ACCOUNT", "reset"],
    ["LIMIT_MAIL_NETWORK", "network"],
  ],
  // Strangers who ask for mails in the owner's name do not keep the owner's device from its own.
  resetMailFromKnownDevice: [["LIMIT_MAIL_ACCOUNT", "device"]],
  verificationMail: [
    ["LIMIT_MAIL_ACCOUNT", "verification"],
    ["LIMIT_MAIL_NETWORK", "network"],
  ],
  // Each brings a mail to the new address, and one to the old.
  moveMail: [
    ["LIMIT_MAIL_ACCOUNT", "move"],
    ["LIMIT_MAIL_ACCOUNT", "mover"],
    ["LIMIT_MAIL_NETWORK", "network"],
  ],
  redemption: [["LIMIT_REDEMPTION_NETWORK", "network"]],
  proof: [
    ["LIMIT_LOGIN_ACCOUNT", "registration"],
    ["LIMIT_LOGIN_STREAK", "registration"],
  ],
} as const satisfies Record<string, readonly (readonly [LimitSetting, SubjectKind])[]>;

export type LimitedAction = keyof typeof limits;

/**
 * The limits that all callers share. Where accounts are concealed they refuse silently: otherwise a stranger who is refused early
 * would learn that somebody else has made such a request.
 */
const sharedKinds: Partial<Record<LimitedAction, SubjectKind>> = {
  registration: "account",
  keptRegistration: "address",
  resetMail: "reset",
  verificationMail: "verification",
  moveMail: "move",
};

/**
 * Failures in a row count until one attempt succeeds: for a day, or for a year once there are more than `shortStreak`. So guesses
 * at invented addresses do not fill the table.
 */
const streakWindow = day;
const shortStreak = 10;
const longStreakWindow = 365 * day;

/** How many times the limit's attempts each network of a caller has, the narrowest first: an IPv6 caller's /64, /56 and /48. */
const networkShares = [1, 4, 16];

/** Who tries. */
export interface Subject {
  readonly address?: string;
  /** The present address of the account that moves. */
  readonly mover?: string;
  readonly caller: Caller;
  /** The user whose known device this is. */
  readonly userId?: number | undefined;
  readonly device?: string | undefined;
  /** The registration whose password is given. */
  readonly registrationId?: number;
}

/** An attempt that counts in each of its limits. Disposing of it gives it back, unless it was spent. */
export interface Reservation extends AsyncDisposable {
  /** Marks the attempt as used: from here on it counts, whatever happens. */
  markUsed(): void;
  /** Spends the attempt on work, whatever comes of it, unless the service could not do its part. */
  useFor<T>(work: Promise<T>): Promise<T>;
  /** Gives back the attempt of a caller who has proved to be the right one: the failures in a row end with it. */
  markSucceeded(): Promise<void>;
}

/**
 * Counts an attempt in each of its limits, before what it may guess at or cost is done.
 *
 * @throws {AuthError} `too_many_tries` if one of them is reached: then it counts in none
 * @example
 * await using tries = await reserve(context, "proof", { caller, registrationId });
 * if (!(await passwords.verifyPassword(password, hash))) {
 *   tries.spend();
 *   throw refused();
 * }
 * await tries.settle();
 */
export async function reserve(context: Context, what: LimitedAction, trier: Subject): Promise<Reservation> {
  const { settings } = context;
  if (settings.RATE_LIMIT === "off") return reservationOf(context, [], []);
  const wanted = limitsFor(settings, what, trier, settings.CONCEAL_ACCOUNTS === "on" ? "others" : "all");
  const taking = await context.db.limits.reserve(wanted.limits);
  if ("reachedUntil" in taking) throw refused(context, what, trier, taking);
  return reservationOf(context, taking.attempts, wanted.streakKeys);
}

function reservationOf(context: Context, slots: readonly CountedAttempt[], streak: readonly string[]): Reservation {
  let kept = slots;
  return {
    markUsed() {
      kept = [];
    },
    async useFor(work) {
      const spent = kept;
      kept = [];
      try {
        return await work;
      } catch (error) {
        const isBusy = error instanceof DatabaseUnavailable || (error instanceof AuthError && error.code === "busy");
        if (isBusy) await refund(context, spent, []);
        throw error;
      }
    },
    markSucceeded() {
      const given = kept;
      kept = [];
      return refund(context, given, streak);
    },
    async [Symbol.asyncDispose]() {
      await refund(context, kept, []);
    },
  };
}

/**
 * Where accounts are concealed, counts an attempt in the limit that all callers share. Elsewhere `reserve` has counted it.
 *
 * @returns false if the limit is reached: the request must then be answered as usual, and do nothing
 */
export async function reserveSilently(
  { db, settings, trail }: Context,
  what: LimitedAction,
  trier: Pick<Subject, "address" | "caller">,
): Promise<boolean> {
  if (settings.RATE_LIMIT === "off" || settings.CONCEAL_ACCOUNTS === "off") return true;
  const taking = await db.limits.reserve(limitsFor(settings, what, trier, "shared").limits);
  if ("attempts" in taking) return true;
  trail.record("limited", { ...trier, detail: what });
  return false;
}

/** Whether failed logins to an address count now, from whatever devices it does not know. */
export async function hasFailedLogins({ db }: Context, address: string): Promise<boolean> {
  return db.limits.hasAttempts(keysOf("login", { address, caller: {} }));
}

/** Clears the failed logins of an account's devices. */
export async function clearDeviceAttempts(context: Context, userId: number, devices: readonly string[]): Promise<void> {
  const keys = devices.flatMap((device) => keysOf("loginFromKnownDevice", { device, userId, caller: {} }));
  if (context.settings.RATE_LIMIT === "on") await refund(context, [], keys);
}

/** The keys that the attempts at an account are counted under. */
export function limitKeys(address: string): string[] {
  const trier = { address, mover: address, caller: {} };
  return Object.keys(limits).flatMap((what) => keysOf(what as LimitedAction, trier));
}

function keysOf(what: LimitedAction, trier: Subject): string[] {
  return limits[what].flatMap(([name, subject]) => subjectIds[subject](trier).map((who) => `${name}:${who}`));
}

/** What an attempt counts in, and the keys among them of failures in a row. */
interface ApplicableLimits {
  readonly limits: Limit[];
  readonly streakKeys: string[];
}

/** @param part the limits that all callers share, the others, or all */
function limitsFor(
  settings: Settings,
  what: LimitedAction,
  trier: Subject,
  part: "shared" | "others" | "all",
): ApplicableLimits {
  const wanted: ApplicableLimits = { limits: [], streakKeys: [] };
  for (const [name, subject] of limits[what]) {
    if (part !== "all" && (part === "shared") !== (subject === sharedKinds[what])) continue;
    const limit = settings[name];
    for (const [i, who] of subjectIds[subject](trier).entries()) {
      const key = `${name}:${who}`;
      if (typeof limit === "number") {
        wanted.streakKeys.push(key);
        wanted.limits.push({ key, ...streakOf(limit) });
      } else {
        const isNetwork = subject === "network";
        const maxAttempts = limit.attempts * (isNetwork ? (networkShares[i] ?? 1) : 1);
        wanted.limits.push({ key, isNetwork, window: limit.window, maxAttempts });
      }
    }
  }
  return wanted;
}

/** The longer window of a streak begins at the latest with its last allowed attempt, so that the account stays closed. */
function streakOf(maxAttempts: number): Pick<Limit, "maxAttempts" | "window" | "long"> {
  if (maxAttempts === 1) return { maxAttempts, window: longStreakWindow };
  return {
    maxAttempts,
    window: streakWindow,
    long: { threshold: Math.min(shortStreak, maxAttempts - 1), window: longStreakWindow },
  };
}

/** The names that tries are counted under; none where it is not known whose they are. */
const subjectIds: Record<SubjectKind, (trier: Subject) => readonly string[]> = {
  account: ({ address }) => mailboxIds("", address),
  address: ({ address }) => addressIds("address:", address),
  // Counted apart, and by exact address: otherwise a stranger's requests that send no mail would use up the owner's.
  reset: ({ address }) => addressIds("reset:", address),
  verification: ({ address }) => addressIds("verification:", address),
  move: ({ address }) => mailboxIds("move:", address),
  mover: ({ mover }) => mailboxIds("mover:", mover),
  registration: ({ registrationId }) => (registrationId === undefined ? [] : [`registration:${registrationId}`]),
  network: ({ caller }) => networksOf(caller.ip),
  device: ({ device, userId }) => (device ? [hash("sha256", `${device} ${userId}`, "base64url")] : []),
};

/**
 * One mailbox, one bucket: a suffix after a plus sign, and Gmail's dots, lead to the same person. Text that is no mailbox
 * counts as it is: a part of it may be somebody else's address.
 */
export function mailboxIds(prefix: string, address: string | undefined): string[] {
  if (!address) return [];
  const key = emailKey(address);
  return [`${prefix}${hash("sha256", isDeliverable(key) ? mailboxOf(key) : key, "base64url")}`];
}

/** The name of an address. */
export function addressIds(prefix: string, address: string | undefined): string[] {
  return address ? [`${prefix}${hash("sha256", emailKey(address), "base64url")}`] : [];
}

function mailboxOf(key: string): string {
  const [local = "", domain = ""] = key.split("@");
  const plain = local.replace(/(?<=.)\+.*/, "");
  return /^(gmail|googlemail)\.com$/.test(domain) ? `${plain.replaceAll(".", "")}@gmail.com` : `${plain}@${domain}`;
}

/**
 * Gives slots back, and clears what counts under the keys of a streak. A slot that cannot be given back counts: that is no reason
 * to fail what succeeded.
 */
export async function refund(
  { db, log }: Context,
  slots: readonly CountedAttempt[],
  streak: readonly string[],
): Promise<void> {
  if (slots.length + streak.length === 0) return;
  try {
    await db.limits.refund(slots, streak);
  } catch (error) {
    log.warn({ err: error }, "could not refund an attempt");
  }
}

function refused(
  { trail, clock }: Context,
  what: LimitedAction,
  { caller, userId, address }: Subject,
  { reachedUntil, byNetwork }: Extract<ReservationResult, { reachedUntil: number }>,
): AuthError {
  // A network that is over its limit could name any number of accounts.
  const about = byNetwork ? {} : { userId, address };
  trail.record("limited", { caller, ...about, detail: what });
  const retryAfter = Math.max(1, Math.ceil((reachedUntil - clock()) / 1000));
  const isLocked = retryAfter > 30 * 86_400;
  const message = isLocked
    ? "too many wrong passwords in a row; reset the password"
    : `too many attempts; try again in ${formatWait(retryAfter, "en")}`;
  return new AuthError("too_many_tries", message, { retryAfter: isLocked ? 86_400 : retryAfter, isLocked });
}
