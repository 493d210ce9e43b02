import type { DB, LoginNotice, Redeemer } from "../../db/db.ts";
import type { Settings } from "../../settings/settings.ts";
import type { User } from "../../user.ts";
import { detectDeviceKind, formatDeviceKind } from "../../values/device-kind.ts";
import { isDeliverable } from "../../values/email.ts";
import { networkOf } from "../../values/network.ts";
import type { Caller } from "../caller.ts";

/** The part of the context that device lookups use. */
export interface DeviceContext {
  readonly db: DB;
  readonly settings: Pick<Settings, "RATE_LIMIT">;
}

/**
 * Returns the caller's device that this account knows, if any. A network counts as a known device for a day after a caller
 * without cookies has redeemed a mailed token from it. An unknown account costs the same lookups.
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

/** Returns the caller's device secret that this account knows, if any. */
export async function findKnownSecret(
  { db, settings }: DeviceContext,
  user: User | null,
  caller: Caller,
): Promise<string | undefined> {
  if (settings.RATE_LIMIT === "off") return undefined;
  for (const secret of getDeviceSecrets(caller)) if (await db.devices.isKnown(secret, user?.id ?? 0)) return secret;
  return undefined;
}

/** Returns the name by which attempts from a known network are counted, in place of a device secret. */
function networkAsDevice(network: string): string {
  return `network ${network}`;
}

/** Returns the device by which an account will recognize the caller that redeems a mailed token. */
export function getRedeemer({ settings }: DeviceContext, caller: Caller): Redeemer {
  const [device = caller.newDeviceSecret] = getDeviceSecrets(caller);
  return settings.RATE_LIMIT === "off" ? {} : { device };
}

/**
 * Like `getRedeemer`, for an account whose owner may be locked out by the failed logins of an attacker. Adds the network of
 * a client without cookies, which is known for a day: such a client may never send its device secret back. A browser that
 * submits a form keeps cookies.
 */
export function getRedeemerWithNetwork(context: DeviceContext, caller: Caller): Redeemer {
  const keepsCookies = getDeviceSecrets(caller).length > 0 || (caller.idempotencyKeys?.length ?? 0) > 0;
  const isLimited = context.settings.RATE_LIMIT === "on";
  return { ...getRedeemer(context, caller), network: isLimited && !keepsCookies ? networkOf(caller.ip) : undefined };
}

/** Returns the names by which attempts of a redeemer are counted. */
export function getDeviceNames({ device, network }: Redeemer): string[] {
  return [device, network && networkAsDevice(network)].filter((name) => name !== undefined);
}

/** Returns the device secret by which an account will know the caller: one that it knows already, else the first. */
export async function chooseDevice(context: DeviceContext, user: User, caller: Caller): Promise<string | undefined> {
  const [first, ...others] = getDeviceSecrets(caller);
  return others.length === 0 ? first : ((await findKnownSecret(context, user, caller)) ?? first);
}

/** Returns the device secrets that the caller presents. */
export function getDeviceSecrets({ deviceSecrets = [] }: Caller): readonly string[] {
  return typeof deviceSecrets === "string" ? [deviceSecrets] : deviceSecrets;
}

/** Returns the email to send if the login is from a new device, or null if the address cannot receive email. */
export function createLoginNotice(user: User, { language = "en", userAgent }: Caller): LoginNotice | null {
  return isDeliverable(user.email) ? { kind: "new_device", language, device: describeDevice(userAgent) } : null;
}

/** Returns the browser and operating system of a User-Agent, such as `Firefox/Windows`, or null if unknown. */
export function describeDevice(userAgent: string | null | undefined): string | null {
  const kind = detectDeviceKind(userAgent);
  return kind && formatDeviceKind(kind);
}
