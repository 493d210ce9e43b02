import { clockTolerance } from "../../values/clock-tolerance.ts";
import { day } from "../../values/durations.ts";
import { deleteRows } from "../delete-rows.ts";
import { digest } from "../digest.ts";
import type { Awaitable } from "../engine.ts";
import type { Store } from "../store.ts";
import { enqueueNotice } from "./notices.ts";
import type { MailContent } from "./outbox.ts";

/** The email about a login that the user may not expect. */
export type LoginNotice = MailContent & { readonly kind: "new_device" };

/** Returns the id of a device for one account. The same device has a different id in each account. */
function toDeviceId(device: string, userId: number): string {
  return digest(`${device} ${userId}`);
}

/** Returns true if a device has logged in to an account, or has redeemed a mailed token of the account. */
export async function isKnown({ db }: Store, device: string, userId: number): Promise<boolean> {
  const known = await db
    .selectFrom("devices")
    .select("user_id")
    .where("device_id", "=", toDeviceId(device, userId))
    .executeTakeFirst();
  return known !== undefined;
}

/** The number of device cookies in a lookup, which is the maximum number that are read from a request. */
const maxCookies = 5;

/**
 * Prepares a function that returns true if any account knows one of the first five devices. The function reads one index. Its
 * result only filters requests, and does not identify the account.
 */
export function isAnyKnown({ db, engine }: Store): (devices: readonly string[]) => Awaitable<boolean> {
  const query = db
    .selectFrom("devices")
    .select("user_id")
    .where("cookie_id", "in", Array<string>(maxCookies).fill(""))
    .limit(1)
    .compile();
  const isFound = (rows: readonly unknown[]) => rows.length > 0;
  return (devices) => {
    const [first, ...others] = devices.slice(0, maxCookies).map(digest);
    if (first === undefined) return false;
    const cookies = [first, ...others, ...Array<string>(maxCookies).fill(first)].slice(0, maxCookies);
    const rows = engine.read({ ...query, parameters: [...cookies, ...query.parameters.slice(maxCookies)] });
    return rows instanceof Promise ? rows.then(isFound) : isFound(rows);
  };
}

/** Whether a device was already known to the account, is its first device, or is an additional one. */
type DeviceStatus = "known" | "first" | "additional";

/** A caller who redeems a mailed token of an account. */
export interface Redeemer {
  /** The secret of the device, which becomes known to the account. */
  readonly device?: string | undefined;
  /** The network of a caller that may not keep cookies. The network stays known to the account for a day. */
  readonly network?: string | undefined;
}

/** How long a network stays known to an account, in milliseconds. */
const networkLifetime = day;
/** How long after the registration the first login is expected, in milliseconds. */
const expectedLoginWindow = day;
/**
 * The maximum number of devices per account. A limit is needed because a client without cookies is a new device at each login.
 */
const maxDevices = 50;

/** Records a device, and returns its status before the call. The transaction must have locked the user's row. */
async function recordDevice(store: Store, secret: string, userId: number): Promise<DeviceStatus> {
  const { db } = store;
  const now = store.clock();
  const { numUpdatedRows } = await db
    .updateTable("devices")
    .set({ last_seen_at: now, logged_in: 1, cookie_id: digest(secret) })
    .where("device_id", "=", toDeviceId(secret, userId))
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return "known";
  const known = await db
    .selectFrom("devices")
    .select(["device_id", "logged_in"])
    .where("user_id", "=", userId)
    .where("known_until", "is", null)
    .orderBy("last_seen_at")
    .orderBy("logged_in")
    .execute();
  await db
    .insertInto("devices")
    .values({
      device_id: toDeviceId(secret, userId),
      user_id: userId,
      created_at: now,
      last_seen_at: now,
      cookie_id: digest(secret),
    })
    .execute();
  const surplus = known.slice(0, Math.max(0, known.length + 1 - maxDevices)).map((row) => row.device_id);
  if (surplus.length > 0) await db.deleteFrom("devices").where("device_id", "in", surplus).execute();
  return known.some(({ logged_in }) => logged_in === 1) ? "additional" : "first";
}

/** A login to record. The transaction must have locked the row of its account. */
interface Login {
  readonly userId: number;
  /** The secret of its device; undefined if rate limits are off, because devices are then not recorded. */
  readonly device: string | undefined;
  /** Null if no email can be sent to the account. */
  readonly notice: LoginNotice | null;
  /** The `known_since` of the account. */
  readonly knownSince: number | null;
}

/**
 * Records the device of a login, and queues an email to the user unless the login is expected. A login is expected if it comes
 * from a known device, or if it is the first login and occurs within a day of the registration. If devices are not recorded, the
 * email is queued only for the first login after an operator added the account or the password was reset.
 */
export async function recordLogin(store: Store, { userId, device, notice, knownSince }: Login): Promise<void> {
  const status = device === undefined ? undefined : await recordDevice(store, device, userId);
  const now = store.clock();
  if (knownSince === null) {
    await store.db.updateTable("users").set({ known_since: now }).where("id", "=", userId).execute();
  }
  const isRecent = knownSince !== null && knownSince > now - expectedLoginWindow && knownSince <= now + clockTolerance;
  if (notice && isUnexpected(status, knownSince, isRecent)) await enqueueNotice(store, { ...notice, userId });
}

function isUnexpected(status: DeviceStatus | undefined, knownSince: number | null, isRecent: boolean): boolean {
  if (status === undefined) return knownSince === null;
  return status === "additional" || (status === "first" && !isRecent);
}

/**
 * Records the device and the network of a caller who redeems a mailed token. The transaction must have locked the user's row.
 *
 * @param isNew whether the redemption creates the account. The next device to log in then counts as the first one
 */
export async function recordRedeemer(
  store: Store,
  { device, network }: Redeemer,
  userId: number,
  isNew: boolean,
): Promise<void> {
  const { db, clock } = store;
  if (device !== undefined) {
    await recordDevice(store, device, userId);
    if (isNew) {
      const redeemerId = toDeviceId(device, userId);
      await db.updateTable("devices").set({ logged_in: 0 }).where("device_id", "=", redeemerId).execute();
    }
  }
  if (network === undefined) return;
  const now = clock();
  const times = { created_at: now, last_seen_at: now, known_until: now + networkLifetime };
  await db
    .insertInto("devices")
    .values({ device_id: toNetworkId(network, userId), user_id: userId, ...times, logged_in: 0 })
    .onConflict((conflict) => conflict.column("device_id").doUpdateSet(times))
    .execute();
}

/** Returns true if a caller without cookies has redeemed a token of this account from this network within the last day. */
export async function isKnownNetwork({ db, clock }: Store, network: string, userId: number): Promise<boolean> {
  const now = clock();
  const known = await db
    .selectFrom("devices")
    .select("user_id")
    .where("device_id", "=", toNetworkId(network, userId))
    .where("known_until", ">", now)
    .where("known_until", "<=", now + networkLifetime + clockTolerance)
    .executeTakeFirst();
  return known !== undefined;
}

function toNetworkId(network: string, userId: number): string {
  return digest(`network ${network} ${userId}`);
}

/** Deletes the devices and networks that an account knows, except one device if given. */
export async function deleteDevices({ db }: Store, userId: number, except?: string): Promise<void> {
  await db
    .deleteFrom("devices")
    .where("user_id", "=", userId)
    .$if(except !== undefined, (query) => query.where("device_id", "!=", toDeviceId(except as string, userId)))
    .execute();
}

/** Lists the devices that have logged in to an account, oldest first. */
export async function list({ db }: Store, userId: number): Promise<{ createdAt: number; lastSeenAt: number }[]> {
  return db
    .selectFrom("devices")
    .select(["created_at as createdAt", "last_seen_at as lastSeenAt"])
    .where("user_id", "=", userId)
    .where("logged_in", "=", 1)
    .orderBy("created_at")
    .execute();
}

/** Deletes at most `limit` devices and networks that were last used before `before`; returns the number deleted. */
export async function sweep(store: Store, before: number, limit: number): Promise<number> {
  return deleteRows(store, "devices", (row) => row("last_seen_at", "<", before), limit);
}
