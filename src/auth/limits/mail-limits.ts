import type { Limit } from "../../db/db.ts";
import type { Settings } from "../../settings/settings.ts";
import { hour } from "../../values/durations.ts";
import type { Context } from "../context.ts";
import { limitKeys, refund } from "./limits.ts";
import { addressIds, mailboxIds } from "./subjects.ts";

/** Returns the limits of emails that anyone can request: those to this address, and all. */
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
 * Returns the limit of reset emails to an address that has used up `LIMIT_MAIL_ADDRESS`: one an hour. Without it, an
 * attacker could keep the owner from a working link for the rest of the day.
 *
 * A confirmed account has a separate limit, because an attacker can use up that of its mailbox by registering other
 * spellings of the address.
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

/** Clears the count of emails to an address, after its owner has redeemed one. No response depends on this count. */
export async function clearMailCount(context: Context, address: string): Promise<void> {
  if (context.settings.RATE_LIMIT === "on") await refund(context, [], addressLimitKeys(address));
}

/** Returns the keys of all limits that count attempts on an account. */
export function accountLimitKeys(address: string): string[] {
  return [...limitKeys(address), ...addressLimitKeys(address)];
}
