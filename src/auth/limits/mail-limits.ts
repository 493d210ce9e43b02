import type { Limit } from "../../db/db.ts";
import type { Settings } from "../../settings/settings.ts";
import { hour } from "../../values/durations.ts";
import type { Context } from "../context.ts";
import { getLimitKeys, refund } from "./limits.ts";
import { getAddressIds, getMailboxIds } from "./subjects.ts";

/** Returns the limits of emails that anyone can request: for this address, and for all addresses. */
export function getMailLimits({ LIMIT_MAIL_ADDRESS, LIMIT_MAIL_ALL }: Settings, address: string): [Limit, Limit] {
  return [
    { key: getAddressLimitKey(address), maxAttempts: LIMIT_MAIL_ADDRESS.attempts, window: LIMIT_MAIL_ADDRESS.window },
    { key: "LIMIT_MAIL_ALL", maxAttempts: LIMIT_MAIL_ALL.attempts, window: LIMIT_MAIL_ALL.window },
  ];
}

function getAddressLimitKey(address: string): string {
  return `LIMIT_MAIL_ADDRESS:${getMailboxIds("", address)[0]}`;
}

function getAddressLimitKeys(address: string): string[] {
  return [getAddressLimitKey(address), getResetLimitKey(address, true), getResetLimitKey(address, false)];
}

/**
 * Returns the limit of reset emails to an address that has used up `LIMIT_MAIL_ADDRESS`: one an hour. Without it, an
 * attacker could keep the owner from a working link for the rest of the day.
 *
 * A verified account has a separate limit, because an attacker can use up that of its mailbox by registering other
 * spellings of the address.
 */
export function getResetLimit({ LIMIT_MAIL_ADDRESS }: Settings, address: string, isVerified: boolean): Limit {
  return {
    key: getResetLimitKey(address, isVerified),
    maxAttempts: 1,
    window: Math.min(hour, LIMIT_MAIL_ADDRESS.window),
  };
}

function getResetLimitKey(address: string, isVerified: boolean): string {
  const [id = ""] = isVerified ? getAddressIds("reset:", address) : getMailboxIds("resets:", address);
  return `LIMIT_MAIL_ADDRESS:${id}`;
}

/** Clears the count of emails to an address, after its owner has redeemed one. No response depends on this count. */
export async function clearMailCount(context: Context, address: string): Promise<void> {
  if (context.settings.RATE_LIMIT === "on") await refund(context, [], getAddressLimitKeys(address));
}

/** Returns the keys of all limits that count attempts on an account. */
export function getAccountLimitKeys(address: string): string[] {
  return [...getLimitKeys(address), ...getAddressLimitKeys(address)];
}
