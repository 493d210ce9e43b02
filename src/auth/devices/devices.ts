import type { DB, LoginNotice, Redeemer } from "../../db/db.ts";
import type { Settings } from "../../settings/settings.ts";
import type { User } from "../../user.ts";
import { detectDeviceKind, formatDeviceKind } from "../../values/device-kind.ts";
import { isDeliverable } from "../../values/email.ts";
import { networkOf } from "../../values/network.ts";
import type { Caller } from "../caller.ts";

/** What looking up a device needs. */
export interface DeviceContext {
  readonly db: DB;
  readonly settings: Pick<Settings, "RATE_LIMIT">;
}

/**
 * The caller's device that this account knows, if any. The network of a redemption within the last day counts as one, if the
 * redeemer showed no cookie. An account that does not exist costs the same lookups.
 */
export async function findKnownDevice(
  context: DeviceContext,
  user: User | null,
  caller: Caller,
): Promise<string | undefined> {
  if (context.settings.RATE_LIMIT === "off") return undefined;
  const device = await findKnownSecret(context, user, caller);
  const network = device === undefined ? networkOf(caller.ip) : undefined;
  if (network === undefined || !(await context.db.devices.isKnownNetwork(network, user?.id ?? 0))) return device;
  return networkAsDevice(network);
}

/** The caller's device that this account knows by its secret, if any. */
export async function findKnownSecret(
  { db, settings }: DeviceContext,
  user: User | null,
  caller: Caller,
): Promise<string | undefined> {
  if (settings.RATE_LIMIT === "off") return undefined;
  for (const secret of deviceSecrets(caller)) if (await db.devices.isKnown(secret, user?.id ?? 0)) return secret;
  return undefined;
}

/** The name that attempts from a known network are counted under, as if it were a device's secret. */
function networkAsDevice(network: string): string {
  return `network ${network}`;
}

/** How an account recognizes a caller who redeems a mailed token. */
export function getRedeemer({ settings }: DeviceContext, caller: Caller): Redeemer {
  const [device = caller.newDevice] = deviceSecrets(caller);
  return settings.RATE_LIMIT === "off" ? {} : { device };
}

/**
 * The same for a caller whom strangers' failed logins may lock out. A program that presents no cookies may never send its secret
 * back, so its network is known for a day; a browser that sends a form keeps cookies.
 */
export function getRedeemerWithNetwork(context: DeviceContext, caller: Caller): Redeemer {
  const keepsCookies = deviceSecrets(caller).length > 0 || (caller.idempotencyKeys?.length ?? 0) > 0;
  const isLimited = context.settings.RATE_LIMIT === "on";
  return { ...getRedeemer(context, caller), network: isLimited && !keepsCookies ? networkOf(caller.ip) : undefined };
}

/** The names that attempts of a redeemer are counted under. */
export function getDevices({ device, network }: Redeemer): string[] {
  return [device, network && networkAsDevice(network)].filter((name) => name !== undefined);
}

/** The device by which an account will know the caller: one that it knows already, else the first one presented. */
export async function chooseDevice(context: DeviceContext, user: User, caller: Caller): Promise<string | undefined> {
  const [first, ...others] = deviceSecrets(caller);
  return others.length === 0 ? first : ((await findKnownSecret(context, user, caller)) ?? first);
}

/** The device secrets that the caller presents. */
export function deviceSecrets({ device = [] }: Caller): readonly string[] {
  return typeof device === "string" ? [device] : device;
}

/** The mail of a login to its owner, if it turns out to be unexpected; null if no mail can be sent. */
export function createLoginNotice(user: User, { language = "en", userAgent }: Caller): LoginNotice | null {
  return isDeliverable(user.email) ? { kind: "new_device", language, device: describeDevice(userAgent) } : null;
}

/** The name of the kind of device that a User-Agent tells, as it is stored and as programs get it; null for one that is not known. */
export function describeDevice(userAgent: string | null | undefined): string | null {
  const kind = detectDeviceKind(userAgent);
  return kind && formatDeviceKind(kind);
}
