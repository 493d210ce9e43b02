import type { Awaitable } from "../../db/db.ts";
import { DatabaseUnavailable } from "../../errors.ts";
import type { User } from "../../user.ts";
import { emailKey } from "../../values/email.ts";
import { networksOf } from "../../values/network.ts";
import type { AuditTrail } from "../audit/trail.ts";
import type { Caller } from "../caller.ts";
import { type DeviceContext, deviceSecrets, findKnownDevice } from "../devices/devices.ts";
import type { HashSlot, Passwords } from "./passwords.ts";

/** The queue of hashes, and what its places depend on. */
interface QueueContext extends DeviceContext {
  readonly passwords: Passwords;
}

/** How often the number of refusals is recorded, in milliseconds. */
const recordInterval = 10_000;

/** Callers without a network count as one, in which each account's logins have turns of their own. */
const noNetwork = "no network";

/** The groups among which the queue is shared: the caller's networks, the widest first; without an IP address, the account's. */
function queuePath({ ip }: Caller, address?: string): string[] {
  const networks = networksOf(ip);
  if (networks.length > 0) return networks.toReversed();
  return address === undefined ? [noNetwork] : [noNetwork, emailKey(address)];
}

/**
 * Takes a place in the queue of hashes, at once: a request for which there is none reads and writes nothing. Dispose of it when
 * the request ends.
 *
 * @param address of the account that it is about, as far as the request says
 * @throws {AuthError} `busy`
 */
export function takeSlot({ passwords }: Pick<QueueContext, "passwords">, caller: Caller, address = ""): HashSlot {
  return passwords.queue.enter({ path: queuePath(caller, address) });
}

/**
 * Takes a place for a caller whose device an account may know: `settlePlace` has to follow.
 *
 * @throws {AuthError} `busy` for a caller without a device
 */
export function takeSlotForDevice({ passwords, settings }: QueueContext, caller: Caller, address = ""): HashSlot {
  const devices = settings.RATE_LIMIT === "on" ? deviceSecrets(caller) : [];
  return passwords.queue.enter({ path: queuePath(caller, address), devices });
}

/**
 * Moves a place to those reserved for known devices if the account knows the caller's.
 *
 * @returns the known device, if any
 * @throws {AuthError} `busy` if the queue had no place but for a known device, and this is none
 */
export async function assignSlot(
  context: QueueContext,
  place: HashSlot,
  user: User | null,
  caller: Caller,
): Promise<string | undefined> {
  const device = await findKnownDevice(context, user, caller);
  context.passwords.queue.assign(place, user !== null && device !== undefined ? [String(user.id), device] : undefined);
  return device;
}

/** Tells a server, before it reads a request that hashes a password, whether to refuse it: a refusal then costs next to nothing. */
export class AdmissionControl {
  readonly #context: QueueContext & { readonly trail: AuditTrail };
  #refusals = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: QueueContext & { readonly trail: AuditTrail }) {
    this.#context = context;
  }

  /**
   * Returns the seconds after which to try again if the queue of hashes has no place for this caller; else undefined, and the
   * request may still get `busy`. The only lookup is whether an account knows one of the caller's device cookies, if there are
   * any: an invented cookie gives no advantage.
   */
  getRetryAfter(caller: Pick<Caller, "ip" | "device">): Awaitable<number | undefined> {
    const { passwords, settings } = this.#context;
    const path = queuePath(caller);
    if (!passwords.queue.wouldReject({ path })) return undefined;
    const { retryAfter } = passwords.queue;
    const devices = deviceSecrets(caller);
    if (settings.RATE_LIMIT === "off" || devices.length === 0) return retryAfter;
    if (passwords.queue.wouldReject({ path, devices })) return retryAfter;
    const decide = (isReal: boolean) => (isReal ? undefined : retryAfter);
    const isReal = this.#isReal(devices);
    return isReal instanceof Promise ? isReal.then(decide) : decide(isReal);
  }

  /** Counts a refused request: the log and the audit trail get one entry for all those of ten seconds. */
  countRejection(): void {
    this.#refusals++;
    this.#timer ??= setTimeout(() => this.flush(), recordInterval).unref();
  }

  /** Records the refusals counted so far. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const times = this.#refusals;
    this.#refusals = 0;
    if (times > 0) this.#context.trail.record("request_refused", { detail: "busy", times });
  }

  /** A database that does not answer knows no device. */
  #isReal(devices: readonly string[]): Awaitable<boolean> {
    const none = (error: unknown) => {
      if (error instanceof DatabaseUnavailable) return false;
      throw error;
    };
    try {
      const known = this.#context.db.devices.isAnyKnown(devices);
      return known instanceof Promise ? known.catch(none) : known;
    } catch (error) {
      return none(error);
    }
  }
}
