import { clockTolerance } from "../../values/clock-tolerance.ts";
import { day } from "../../values/durations.ts";
import { digest } from "../digest.ts";
import type { Awaitable } from "../engine.ts";
import { skipLockedRows } from "../locks.ts";
import type { Store } from "../store.ts";
import { enqueueNotice } from "./notices.ts";
import type { MailContent } from "./outbox.ts";

/** The mail of a login that the owner may not expect. */
export type LoginNotice = MailContent & { readonly kind: "new_device" };

/** A device is known to each account apart: its cookie names none of them. */
function deviceId(device: string, userId: number): string {
  return digest(`${device} ${userId}`);
}

/** Whether a device has logged in to this account, or redeemed a mailed token of it. */
export async function isKnown({ db }: Store, device: string, userId: number): Promise<boolean> {
  const known = await db
    .selectFrom("devices")
    .select("user_id")
    .where("device_id", "=", deviceId(device, userId))
    .executeTakeFirst();
  return known !== undefined;
}

/** How many cookies a lookup takes: as many as are read of a request. */
const mostCookies = 5;

/**
 * Whether any account knows one of these devices, of the first five: one indexed read, at once if the database allows it. The
 * result only filters requests; it does not tell whose device it is.
 */
export function isAnyKnown({ db, engine }: Store): (devices: readonly string[]) => Awaitable<boolean> {
  const query = db
    .selectFrom("devices")
    .select("user_id")
    .where("cookie_id", "in", Array<string>(mostCookies).fill(""))
    .limit(1)
    .compile();
  const isFound = (rows: readonly unknown[]) => rows.length > 0;
  return (devices) => {
    const [first, ...others] = devices.slice(0, mostCookies).map(digest);
    if (first === undefined) return false;
    const cookies = [first, ...others, ...Array<string>(mostCookies).fill(first)].slice(0, mostCookies);
    const rows = engine.read({ ...query, parameters: [...cookies, ...query.parameters.slice(mostCookies)] });
    return rows instanceof Promise ? rows.then(isFound) : isFound(rows);
  };
}

/** What an account knows of a device that logs in: that device, no device at all, or others alone. */
type DeviceStatus = "known" | "first" | "additional";

/** A caller who redeems a mailed token of an account. */
export interface Redeemer {
  /** The secret of the device that the account knows from then on. */
  readonly device?: string | undefined;
  /** The network that the account knows for a day, of a caller that may keep no cookies. */
  readonly network?: string | undefined;
}

/** How long an account knows the network of a redemption, in milliseconds. */
const networkKnownFor = day;
/** How long after registering the owner's own first login is expected, in milliseconds. */
const expectedFor = day;
/** How many devices an account knows: a program that keeps no cookies is a new one each time. */
const mostDevices = 50;

/** Remembers a device, in a transaction that holds the user's row; returns what the account knew of it. */
async function rememberDevice(store: Store, secret: string, userId: number): Promise<DeviceStatus> {
  const { db } = store;
  const now = store.clock();
  const { numUpdatedRows } = await db
    .updateTable("devices")
    .set({ last_seen_at: now, logged_in: 1, cookie_id: digest(secret) })
    .where("device_id", "=", deviceId(secret, userId))
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
      device_id: deviceId(secret, userId),
      user_id: userId,
      created_at: now,
      last_seen_at: now,
      cookie_id: digest(secret),
    })
    .execute();
  const surplus = known.slice(0, Math.max(0, known.length + 1 - mostDevices)).map((row) => row.device_id);
  if (surplus.length > 0) await db.deleteFrom("devices").where("device_id", "in", surplus).execute();
  return known.some(({ logged_in }) => logged_in === 1) ? "additional" : "first";
}

/** A login to an account whose row the transaction holds. */
interface Login {
  readonly userId: number;
  /** The secret of its device; undefined if attempts are not limited, for then no devices are remembered. */
  readonly device: string | undefined;
  /** Null if no mail can be sent to the account. */
  readonly notice: LoginNotice | null;
  /** `known_since` of the account. */
  readonly knownSince: number | null;
}

/**
 * Remembers the device of a login, and mails the owner unless the login is expected: from a device that the account knows, or
 * the first one within a day after the owner registered. Without devices, the first login since the account was imported or
 * its password was reset is the only one that can be told from others.
 */
export async function recordLogin(store: Store, { userId, device, notice, knownSince }: Login): Promise<void> {
  const acquaintance = device === undefined ? undefined : await rememberDevice(store, device, userId);
  const now = store.clock();
  if (knownSince === null) {
    await store.db.updateTable("users").set({ known_since: now }).where("id", "=", userId).execute();
  }
  const isRecent = knownSince !== null && knownSince > now - expectedFor && knownSince <= now + clockTolerance;
  if (notice && isUnexpected(acquaintance, knownSince, isRecent)) await enqueueNotice(store, { ...notice, userId });
}

function isUnexpected(of: DeviceStatus | undefined, knownSince: number | null, isRecent: boolean): boolean {
  if (of === undefined) return knownSince === null;
  return of === "additional" || (of === "first" && !isRecent);
}

/**
 * Remembers a caller who redeems a mailed token, in a transaction that holds the user's row.
 *
 * @param isNew whether the redemption creates the account: its first login from elsewhere then counts as the first device
 */
export async function rememberRedeemer(
  store: Store,
  { device, network }: Redeemer,
  userId: number,
  isNew: boolean,
): Promise<void> {
  const { db, clock } = store;
  if (device !== undefined) {
    await rememberDevice(store, device, userId);
    if (isNew) {
      const ofRedeemer = deviceId(device, userId);
      await db.updateTable("devices").set({ logged_in: 0 }).where("device_id", "=", ofRedeemer).execute();
    }
  }
  if (network === undefined) return;
  const now = clock();
  const times = { created_at: now, last_seen_at: now, known_until: now + networkKnownFor };
  await db
    .insertInto("devices")
    .values({ device_id: networkId(network, userId), user_id: userId, ...times, logged_in: 0 })
    .onConflict((conflict) => conflict.column("device_id").doUpdateSet(times))
    .execute();
}

/** Whether a caller that may keep no cookies has redeemed a token of this account from a network within the last day. */
export async function isKnownNetwork({ db, clock }: Store, network: string, userId: number): Promise<boolean> {
  const now = clock();
  const known = await db
    .selectFrom("devices")
    .select("user_id")
    .where("device_id", "=", networkId(network, userId))
    .where("known_until", ">", now)
    .where("known_until", "<=", now + networkKnownFor + clockTolerance)
    .executeTakeFirst();
  return known !== undefined;
}

function networkId(network: string, userId: number): string {
  return digest(`network ${network} ${userId}`);
}

/** Makes an account forget every device but one, and the network of the last reset. */
export async function forgetDevices({ db }: Store, userId: number, but?: string): Promise<void> {
  await db
    .deleteFrom("devices")
    .where("user_id", "=", userId)
    .$if(but !== undefined, (query) => query.where("device_id", "!=", deviceId(but as string, userId)))
    .execute();
}

/** When the devices that have logged in to an account came, and were last seen. */
export async function list({ db }: Store, userId: number): Promise<{ createdAt: number; lastSeenAt: number }[]> {
  return db
    .selectFrom("devices")
    .select(["created_at as createdAt", "last_seen_at as lastSeenAt"])
    .where("user_id", "=", userId)
    .where("logged_in", "=", 1)
    .orderBy("created_at")
    .execute();
}

/** Deletes at most `limit` devices that were not seen since; returns how many. */
export async function sweep(store: Store, since: number, limit: number): Promise<number> {
  const { db } = store;
  const old = skipLockedRows(
    store,
    db.selectFrom("devices").select("device_id").where("last_seen_at", "<", since).limit(limit),
  );
  const { numDeletedRows } = await db.deleteFrom("devices").where("device_id", "in", old).executeTakeFirst();
  return Number(numDeletedRows);
}
