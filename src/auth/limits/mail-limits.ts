import type { Limit } from "../../db/db.ts";
import type { Settings } from "../../settings/settings.ts";
import { hour } from "../../values/durations.ts";
import type { Context } from "../context.ts";
import { addressIds, limitKeys, mailboxIds, refund } from "./limits.ts";

/** The caps on the mails that anybody can request: those to one address, and all. */
export function mailLimits({ LIMIT_MAIL_ADDRESS, LIMIT_MAIL_ALL }: Settings, address: string): [Limit, Limit] {
  return [
    { key: addressLimitKey(address), maxAttempts: LIMIT_MAIL_ADDRESS.attempts, window: LIMIT_MAIL_ADDRESS.window },
    { key: "LIMIT_MAIL_ALL", maxAttempts: LIMIT_MAIL_ALL.attempts, window: LIMIT_MAIL_ALL.window },
  ];
}

function addressLimitKey(address: string): string {
  return `LIMIT_MAIL_ADDRESS:${mailboxIds("", address)[0]}`;
}

function addressLimitKeys(address: string): string[] {
  return [addressLimitKey(address), resetLimitKey(address, true), resetLimitKey(address, false)];
}

/**
 * The cap on resets to an address that has had `LIMIT_MAIL_ADDRESS` mails: one an hour, or strangers could keep the owner from a
 * working link until the end of the day. A confirmed account has an hour of its own, because strangers can use up that of its
 * mailbox by registering further spellings of it.
 */
export function resetLimit({ LIMIT_MAIL_ADDRESS }: Settings, address: string, isConfirmed: boolean): Limit {
  return {
    key: resetLimitKey(address, isConfirmed),
    maxAttempts: 1,
    window: Math.min(hour, LIMIT_MAIL_ADDRESS.window),
  };
}

function resetLimitKey(address: string, isConfirmed: boolean): string {
  const [of = ""] = isConfirmed ? addressIds("reset:", address) : mailboxIds("resets:", address);
  return `LIMIT_MAIL_ADDRESS:${of}`;
}

/** Clears the mails counted for an address, whose owner has just redeemed one. No answer depends on that count. */
export async function clearMailCount(context: Context, address: string): Promise<void> {
  if (context.settings.RATE_LIMIT === "on") await refund(context, [], addressLimitKeys(address));
}

/** The keys that everything tried at an account is counted under. */
export function accountLimitKeys(address: string): string[] {
  return [...limitKeys(address), ...addressLimitKeys(address)];
}
