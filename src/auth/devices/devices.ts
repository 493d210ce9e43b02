import type { DB, LoginNotice, Redeemer } from "../../db/db.ts";
import type { Settings } from "../../settings/settings.ts";
import type { User } from "../../user.ts";
import { detectDeviceKind, formatDeviceKind } from "../../values/device-kind.ts";
import { isDeliverable } from "../../values/email.ts";
import { networkOf } from "../../values/network.ts";
import type { Caller } from "../caller.ts";

/** What looking up a device needs. */
export interface Lookup {
  readonly db: DB;
  readonly settings: Pick<Settings, "RATE_LIMIT">;
}

/**
 * The caller's device that this account knows, if any. The network of a redemption within the last day counts as one, if the
 * redeemer showed no cookie. An account that does not exist costs the same lookups.
 */
export async function knownDevice(context: Lookup, user: User | null, caller: Caller): Promise<string | undefined> {
  if (context.settings.RATE_LIMIT === "off") return undefined;
  const device = await knownCookie(context, user, caller);
  const network = device === undefined ? networkOf(caller.ip) : undefined;
  if (network === undefined || !(await context.db.devices.isKnownNetwork(network, user?.id ?? 0))) return device;
  return networkDevice(network);
}

/** The caller's device that this account knows by its secret, if any. */
export async function knownCookie(
  { db, settings }: Lookup,
  user: User | null,
  caller: Caller,
): Promise<string | undefined> {
  if (settings.RATE_LIMIT === "off") return undefined;
  for (const secret of secretsOf(caller)) if (await db.devices.isKnown(secret, user?.id ?? 0)) return secret;
  return undefined;
}

/** The name that attempts from a known network are counted under, as if it were a device's secret. */
function networkDevice(network: string): string {
  return `network ${network}`;
}

/** How an account recognizes a caller who redeems a mailed token. */
export function redeemerOf({ settings }: Lookup, caller: Caller): Redeemer {
  const [device = caller.newDevice] = secretsOf(caller);
  return settings.RATE_LIMIT === "off" ? {} : { device };
}

/**
 * The same for a caller whom strangers' failed logins may lock out. A program that presents no cookies may never send its secret
 * back, so its network is known for a day; a browser that sends a form keeps cookies.
 */
export function redeemerUnderAttack(context: Lookup, caller: Caller): Redeemer {
  const keepsCookies = secretsOf(caller).length > 0 || (caller.acts?.length ?? 0) > 0;
  const isLimited = context.settings.RATE_LIMIT === "on";
  return { ...redeemerOf(context, caller), network: isLimited && !keepsCookies ? networkOf(caller.ip) : undefined };
}

/** The names that attempts of a redeemer are counted under. */
export function devicesOf({ device, network }: Redeemer): string[] {
  return [device, network && networkDevice(network)].filter((name) => name !== undefined);
}

/** The device by which an account will know the caller: one that it knows already, else the first one presented. */
export async function presentedDevice(context: Lookup, user: User, caller: Caller): Promise<string | undefined> {
  const [first, ...others] = secretsOf(caller);
  return others.length === 0 ? first : ((await knownCookie(context, user, caller)) ?? first);
}

/** The device secrets that the caller presents. */
export function secretsOf({ device = [] }: Caller): readonly string[] {
  return typeof device === "string" ? [device] : device;
}

/** The mail of a login to its owner, if it turns out to be unexpected; null if no mail can be sent. */
export function loginNotice(user: User, { language = "en", userAgent }: Caller): LoginNotice | null {
  return isDeliverable(user.email) ? { kind: "new_device", language, device: describeDevice(userAgent) } : null;
}

/** The name of the kind of device that a User-Agent tells, as it is stored and as programs get it; null for one that is not known. */
export function describeDevice(userAgent: string | null | undefined): string | null {
  const kind = detectDeviceKind(userAgent);
  return kind && formatDeviceKind(kind);
}
