import { clockTolerance } from "../../values/clock-tolerance.ts";
import type { Store } from "../store.ts";
import { type Acquaintance, type LoginNotice, rememberDevice } from "./devices.ts";
import { enqueueNotice } from "./notices.ts";

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

/** How long after registering the owner's own first login is expected, in milliseconds. */
const expectedFor = 86_400_000;

/**
 * Remembers the device of a login, and mails the owner unless the login is expected: from a device that the account knows, or
 * the first one within a day after the owner registered. Without devices, the first login since the account was imported or
 * its password was reset is the only one that can be told from others.
 */
export async function noteLogin(store: Store, { userId, device, notice, knownSince }: Login): Promise<void> {
  const acquaintance = device === undefined ? undefined : await rememberDevice(store, device, userId);
  const now = store.clock();
  if (knownSince === null) {
    await store.db.updateTable("users").set({ known_since: now }).where("id", "=", userId).execute();
  }
  const isRecent = knownSince !== null && knownSince > now - expectedFor && knownSince <= now + clockTolerance;
  if (notice && isUnexpected(acquaintance, knownSince, isRecent)) await enqueueNotice(store, { ...notice, userId });
}

function isUnexpected(of: Acquaintance | undefined, knownSince: number | null, isRecent: boolean): boolean {
  if (of === undefined) return knownSince === null;
  return of === "additional" || (of === "first" && !isRecent);
}
