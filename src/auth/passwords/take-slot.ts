import type { Awaitable } from "../../db/db.ts";
import { DatabaseUnavailable } from "../../errors.ts";
import type { User } from "../../user.ts";
import { emailKey } from "../../values/email.ts";
import { networksOf } from "../../values/network.ts";
import type { AuditTrail } from "../audit/trail.ts";
import type { Caller } from "../caller.ts";
import { type DeviceContext, findKnownDevice, getDeviceSecrets } from "../devices/devices.ts";
import type { HashSlot, Passwords } from "./passwords.ts";

/** The part of the context that slots depend on. */
interface SlotContext extends DeviceContext {
  readonly passwords: Passwords;
}

/** How often the number of rejected requests is recorded, in milliseconds. */
const recordInterval = 10_000;

/** Takes the place of the network of callers without an IP address. Within it, accounts take turns. */
const noNetwork = "no network";

/** Returns the path of a caller in the hash queue: its networks, widest first, or else the account. */
function getQueuePath({ ip }: Caller, address?: string): string[] {
  const networks = networksOf(ip);
  if (networks.length > 0) return networks.toReversed();
  return address === undefined ? [noNetwork] : [noNetwork, emailKey(address)];
}

/**
 * Takes a slot in the hash queue. Call it first: a request without a slot must read and write nothing. Dispose of the slot
 * when the request ends.
 *
 * @param address the address in the request
 * @throws {AuthError} `busy`
 */
export function takeSlot({ passwords }: Pick<SlotContext, "passwords">, caller: Caller, address = ""): HashSlot {
  return passwords.queue.enter({ path: getQueuePath(caller, address) });
}

/**
 * Takes a slot for a caller whose device the account may know. Call `assignSlot` when the account is known.
 *
 * @throws {AuthError} `busy` for a caller without a device
 */
export function takeSlotForDevice({ passwords, settings }: SlotContext, caller: Caller, address = ""): HashSlot {
  const devices = settings.RATE_LIMIT === "on" ? getDeviceSecrets(caller) : [];
  return passwords.queue.enter({ path: getQueuePath(caller, address), devices });
}

/**
 * Moves a slot to the ones reserved for known devices if the account knows the caller's device.
 *
 * @returns the known device, if any
 * @throws {AuthError} `busy` if the queue has room only for known devices, and this is not one
 */
export async function assignSlot(
  context: SlotContext,
  slot: HashSlot,
  user: User | null,
  caller: Caller,
): Promise<string | undefined> {
  const device = await findKnownDevice(context, user, caller);
  context.passwords.queue.assign(slot, user !== null && device !== undefined ? [String(user.id), device] : undefined);
  return device;
}

/** Lets a server reject a request before it reads the body, if the hash queue has no room. Rejecting then costs little. */
export class AdmissionControl {
  readonly #context: SlotContext & { readonly trail: AuditTrail };
  #rejections = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: SlotContext & { readonly trail: AuditTrail }) {
    this.#context = context;
  }

  /**
   * Returns the seconds until a retry if the hash queue has no room for this caller, else undefined. The request may still
   * end in `busy`. If the queue is full, the device cookies are looked up, so that an invented one gives no advantage.
   */
  getRetryAfter(caller: Pick<Caller, "ip" | "deviceSecrets">): Awaitable<number | undefined> {
    const { passwords, settings } = this.#context;
    const path = getQueuePath(caller);
    if (!passwords.queue.wouldReject({ path })) return undefined;
    const { retryAfter } = passwords.queue;
    const devices = getDeviceSecrets(caller);
    if (settings.RATE_LIMIT === "off" || devices.length === 0) return retryAfter;
    if (passwords.queue.wouldReject({ path, devices })) return retryAfter;
    const decide = (isKnown: boolean) => (isKnown ? undefined : retryAfter);
    const isKnown = this.#isKnown(devices);
    return isKnown instanceof Promise ? isKnown.then(decide) : decide(isKnown);
  }

  /** Counts a rejected request. Every ten seconds, the log and the audit trail get one entry with their number. */
  countRejection(): void {
    this.#rejections++;
    this.#timer ??= setTimeout(() => this.flush(), recordInterval).unref();
  }

  /** Records the rejected requests counted so far. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const times = this.#rejections;
    this.#rejections = 0;
    if (times > 0) this.#context.trail.record("request_refused", { detail: "busy", times });
  }

  /** Returns false if the database does not respond. */
  #isKnown(devices: readonly string[]): Awaitable<boolean> {
    const handleError = (error: unknown) => {
      if (error instanceof DatabaseUnavailable) return false;
      throw error;
    };
    try {
      const known = this.#context.db.devices.isAnyKnown(devices);
      return known instanceof Promise ? known.catch(handleError) : known;
    } catch (error) {
      return handleError(error);
    }
  }
}
