import { digest } from "./digest.ts";
import { enqueueNotice } from "./notices.ts";
import type { Notice } from "./outbox.ts";
import type { Store } from "./store.ts";

/** A device is known to each account apart: its cookie names none of them. */
function deviceId(device: string, userId: number): string {
  return digest(`${device} ${userId}`);
}

/** Whether a device has logged in to this account before. */
export async function knowsDevice({ db }: Store, device: string, userId: number): Promise<boolean> {
  const known = await db
    .selectFrom("devices")
    .select("user_id")
    .where("device_id", "=", deviceId(device, userId))
    .executeTakeFirst();
  return known !== undefined;
}

/** A device that logs in, and the mail for its owner if it is an additional one; null if no mail can be sent. */
export interface Device {
  readonly secret: string;
  readonly notice: (Notice & { readonly kind: "new_device" }) | null;
}

/** How many devices an account knows: a program that keeps no cookies is a new one each time. */
const mostDevices = 50;

/** Remembers a device, in a transaction that holds the user's row. */
export async function rememberDevice(store: Store, { secret, notice }: Device, userId: number): Promise<void> {
  const { db } = store;
  const now = store.clock();
  const { numUpdatedRows } = await db
    .updateTable("devices")
    .set({ last_seen_at: now })
    .where("device_id", "=", deviceId(secret, userId))
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  const known = await db
    .selectFrom("devices")
    .select("device_id")
    .where("user_id", "=", userId)
    .orderBy("last_seen_at")
    .execute();
  await db
    .insertInto("devices")
    .values({ device_id: deviceId(secret, userId), user_id: userId, created_at: now, last_seen_at: now })
    .execute();
  const surplus = known.slice(0, Math.max(0, known.length + 1 - mostDevices)).map((row) => row.device_id);
  if (surplus.length > 0) await db.deleteFrom("devices").where("device_id", "in", surplus).execute();
  if (notice && known.length > 0) await enqueueNotice(store, { ...notice, userId });
}

/** Has an account know no device any more, but for one. */
export async function forgetDevices({ db }: Store, userId: number, but?: string): Promise<void> {
  await db
    .deleteFrom("devices")
    .where("user_id", "=", userId)
    .$if(but !== undefined, (query) => query.where("device_id", "!=", deviceId(but as string, userId)))
    .execute();
}

/** When the devices of an account came, and were last seen. */
export async function devicesOf({ db }: Store, userId: number): Promise<{ createdAt: number; lastSeenAt: number }[]> {
  return db
    .selectFrom("devices")
    .select(["created_at as createdAt", "last_seen_at as lastSeenAt"])
    .where("user_id", "=", userId)
    .orderBy("created_at")
    .execute();
}

/** Deletes at most `limit` devices that were not seen since; returns how many. */
export async function sweepDevices({ db }: Store, since: number, limit: number): Promise<number> {
  const old = db.selectFrom("devices").select("device_id").where("last_seen_at", "<", since).limit(limit);
  const { numDeletedRows } = await db.deleteFrom("devices").where("device_id", "in", old).executeTakeFirst();
  return Number(numDeletedRows);
}
