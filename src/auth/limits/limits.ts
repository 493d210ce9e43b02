import type { CountedAttempt, Limit, ReservationResult } from "../../db/db.ts";
import { AuthError, DatabaseUnavailable } from "../../errors.ts";
import type { Settings } from "../../settings/settings.ts";
import { day, formatWait } from "../../values/durations.ts";
import type { Context } from "../context.ts";
import { type Subject, type SubjectKind, subjectIds } from "./subjects.ts";

type LimitSetting = Extract<keyof Settings, `LIMIT_${string}`>;

/** The limited actions, and the settings that limit them. */
const actionLimits = {
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
  // Decides whether a registration is stored. If only `registration` is reached, because of other spellings of the
  // address, it is stored without an email.
  keptRegistration: [["LIMIT_REGISTRATION_ACCOUNT", "address"]],
  resetMail: [
    ["LIMIT_MAIL_ACCOUNT", "reset"],
    ["LIMIT_MAIL_NETWORK", "network"],
  ],
  // A known device has a separate limit, which requests by others for the same address do not use up.
  resetMailFromKnownDevice: [["LIMIT_MAIL_ACCOUNT", "device"]],
  verificationMail: [
    ["LIMIT_MAIL_ACCOUNT", "verification"],
    ["LIMIT_MAIL_NETWORK", "network"],
  ],
  // An email change sends one email to the new address and one to the current address.
  moveMail: [
    ["LIMIT_MAIL_ACCOUNT", "newAddress"],
    ["LIMIT_MAIL_ACCOUNT", "currentAddress"],
    ["LIMIT_MAIL_NETWORK", "network"],
  ],
  redemption: [["LIMIT_REDEMPTION_NETWORK", "network"]],
  proof: [
    ["LIMIT_LOGIN_ACCOUNT", "registration"],
    ["LIMIT_LOGIN_STREAK", "registration"],
  ],
} as const satisfies Record<string, readonly (readonly [LimitSetting, SubjectKind])[]>;

export type LimitedAction = keyof typeof actionLimits;

/**
 * For each action, the limit that all callers share. If accounts are concealed, it applies silently: an error response
 * would reveal that someone else has made the same request.
 */
const sharedKinds: Partial<Record<LimitedAction, SubjectKind>> = {
  registration: "account",
  keptRegistration: "address",
  resetMail: "reset",
  verificationMail: "verification",
  moveMail: "newAddress",
};

/**
 * Consecutive failures are stored until an attempt succeeds, for at most a day, or a year if there are more than
 * `shortStreak`. The shorter window keeps attempts on invented addresses from filling the table.
 */
const streakWindow = day;
const shortStreak = 10;
const longStreakWindow = 365 * day;

/** The factor of a limit for each network of a caller, narrowest first: IPv6 /64, /56 and /48. */
const networkShares = [1, 4, 16];

/** An attempt that counts in each of its limits. Disposing of it refunds the attempt, unless it is marked as used. */
export interface Reservation extends AsyncDisposable {
  /** Marks the attempt as used: from here on it counts, even if the request ends in `busy`. */
  markUsed(): void;
  /** Uses the attempt for this work. Refunds it only if the work fails because the service is busy or unavailable. */
  useFor<T>(work: Promise<T>): Promise<T>;
  /** Refunds the attempt, and ends the streak of failures: the caller has given the right password. */
  markSucceeded(): Promise<void>;
}

/**
 * Counts an attempt in each of its limits. Call it before the work that is limited.
 *
 * @throws {AuthError} `too_many_tries` if a limit is reached; the attempt then counts in none
 * @example
 * await using attempt = await reserve(context, "proof", { caller, registrationId });
 * if (!(await passwords.verifyPassword(password, hash))) {
 *   attempt.markUsed();
 *   throw wrongPassword();
 * }
 * await attempt.markSucceeded();
 */
export async function reserve(context: Context, action: LimitedAction, subject: Subject): Promise<Reservation> {
  const { settings } = context;
  if (settings.RATE_LIMIT === "off") return createReservation(context, [], []);
  const part = settings.CONCEAL_ACCOUNTS === "on" ? "others" : "all";
  const { limits, streakKeys } = getApplicableLimits(settings, action, subject, part);
  const result = await context.db.limits.reserve(limits);
  if ("reachedUntil" in result) throw tooManyAttemptsError(context, action, subject, result);
  return createReservation(context, result.attempts, streakKeys);
}

function createReservation(
  context: Context,
  counted: readonly CountedAttempt[],
  streakKeys: readonly string[],
): Reservation {
  let refundable = counted;
  return {
    markUsed() {
      refundable = [];
    },
    async useFor(work) {
      const used = refundable;
      refundable = [];
      try {
        return await work;
      } catch (error) {
        const isBusy = error instanceof DatabaseUnavailable || (error instanceof AuthError && error.code === "busy");
        if (isBusy) await refund(context, used, []);
        throw error;
      }
    },
    markSucceeded() {
      const attempts = refundable;
      refundable = [];
      return refund(context, attempts, streakKeys);
    },
    async [Symbol.asyncDispose]() {
      await refund(context, refundable, []);
    },
  };
}

/**
 * If accounts are concealed, counts an attempt in the limit that all callers share. Otherwise `reserve` has counted it
 * already.
 *
 * @returns false if the limit is reached: the request must then have no effect, and get the usual response
 */
export async function reserveSilently(
  { db, settings, trail }: Context,
  action: LimitedAction,
  subject: Pick<Subject, "address" | "caller">,
): Promise<boolean> {
  if (settings.RATE_LIMIT === "off" || settings.CONCEAL_ACCOUNTS === "off") return true;
  const result = await db.limits.reserve(getApplicableLimits(settings, action, subject, "shared").limits);
  if ("attempts" in result) return true;
  trail.record("limited", { ...subject, detail: action });
  return false;
}

/** Returns true if there are recent failed logins to an address from unknown devices. */
export async function hasFailedLogins({ db }: Context, address: string): Promise<boolean> {
  return db.limits.hasAttempts(getKeys("login", { address, caller: {} }));
}

/** Clears the failed logins of an account's devices. */
export async function clearDeviceAttempts(context: Context, userId: number, devices: readonly string[]): Promise<void> {
  const keys = devices.flatMap((device) => getKeys("loginFromKnownDevice", { device, userId, caller: {} }));
  if (context.settings.RATE_LIMIT === "on") await refund(context, [], keys);
}

/** Returns the keys of the limits that count attempts on an account. */
export function getLimitKeys(address: string): string[] {
  const subject = { address, currentAddress: address, caller: {} };
  return Object.keys(actionLimits).flatMap((action) => getKeys(action as LimitedAction, subject));
}

function getKeys(action: LimitedAction, subject: Subject): string[] {
  return actionLimits[action].flatMap(([name, kind]) => subjectIds[kind](subject).map((id) => `${name}:${id}`));
}

/** The limits in which an attempt counts, and which of their keys count consecutive failures. */
interface ApplicableLimits {
  readonly limits: Limit[];
  readonly streakKeys: string[];
}

/** @param part which limits apply: those that all callers share, the others, or all */
function getApplicableLimits(
  settings: Settings,
  action: LimitedAction,
  subject: Subject,
  part: "shared" | "others" | "all",
): ApplicableLimits {
  const applicable: ApplicableLimits = { limits: [], streakKeys: [] };
  for (const [name, kind] of actionLimits[action]) {
    if (part !== "all" && (part === "shared") !== (kind === sharedKinds[action])) continue;
    const limit = settings[name];
    for (const [i, id] of subjectIds[kind](subject).entries()) {
      const key = `${name}:${id}`;
      if (typeof limit === "number") {
        applicable.streakKeys.push(key);
        applicable.limits.push({ key, ...getStreakWindow(limit) });
      } else {
        const isNetwork = kind === "network";
        const maxAttempts = limit.attempts * (isNetwork ? (networkShares[i] ?? 1) : 1);
        applicable.limits.push({ key, isNetwork, window: limit.window, maxAttempts });
      }
    }
  }
  return applicable;
}

/** The long window of a streak starts with its last allowed attempt at the latest, so that the account stays locked. */
function getStreakWindow(maxAttempts: number): Pick<Limit, "maxAttempts" | "window" | "long"> {
  if (maxAttempts === 1) return { maxAttempts, window: longStreakWindow };
  return {
    maxAttempts,
    window: streakWindow,
    long: { threshold: Math.min(shortStreak, maxAttempts - 1), window: longStreakWindow },
  };
}

/**
 * Refunds attempts, and clears the counts of the streak keys. If that fails, the attempts stay counted: the action
 * itself must not fail because of this.
 */
export async function refund(
  { db, log }: Context,
  attempts: readonly CountedAttempt[],
  streakKeys: readonly string[],
): Promise<void> {
  if (attempts.length + streakKeys.length === 0) return;
  try {
    await db.limits.refund(attempts, streakKeys);
  } catch (error) {
    log.warn({ err: error }, "could not refund an attempt");
  }
}

function tooManyAttemptsError(
  { trail, clock }: Context,
  action: LimitedAction,
  { caller, userId, address }: Subject,
  { reachedUntil, byNetwork }: Extract<ReservationResult, { reachedUntil: number }>,
): AuthError {
  // A network over its limit could name any number of accounts, so its entries name none.
  const about = byNetwork ? {} : { userId, address };
  trail.record("limited", { caller, ...about, detail: action });
  const retryAfter = Math.max(1, Math.ceil((reachedUntil - clock()) / 1000));
  const isLocked = retryAfter > 30 * 86_400;
  const message = isLocked
    ? "too many wrong passwords in a row; reset the password"
    : `too many attempts; try again in ${formatWait(retryAfter, "en")}`;
  return new AuthError("too_many_tries", message, { retryAfter: isLocked ? 86_400 : retryAfter, isLocked });
}
