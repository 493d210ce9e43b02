import type { User } from "../../user.ts";
import { emailKey } from "../../values/email.ts";
import { networksOf } from "../../values/network.ts";
import type { Caller } from "../caller.ts";
import type { Context } from "../context.ts";
import { knownDevice, secretsOf } from "../devices/devices.ts";
import type { HashPlace } from "./passwords.ts";

/** Callers without a network count as one, in which each account's logins have turns of their own. */
const noNetwork = "no network";

/** The groups among which the queue is shared: the caller's networks, the widest first; without an IP address, the account's. */
export function sharesOf({ ip }: Caller, address?: string): string[] {
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
export function takePlace({ passwords }: Context, caller: Caller, address = ""): HashPlace {
  return passwords.enter({ path: sharesOf(caller, address) });
}

/**
 * Takes a place for a caller whose device an account may know: `settlePlace` has to follow.
 *
 * @throws {AuthError} `busy` for a caller without a device
 */
export function takePlaceOfDevice({ passwords, settings }: Context, caller: Caller, address = ""): HashPlace {
  const devices = settings.RATE_LIMIT === "on" ? secretsOf(caller) : [];
  return passwords.enter({ path: sharesOf(caller, address), devices });
}

/**
 * Moves a place to those reserved for known devices if the account knows the caller's.
 *
 * @returns the known device, if any
 * @throws {AuthError} `busy` if the queue had no place but for a known device, and this is none
 */
export async function settlePlace(
  context: Context,
  place: HashPlace,
  user: User | null,
  caller: Caller,
): Promise<string | undefined> {
  const device = await knownDevice(context, user, caller);
  place.settle(user !== null && device !== undefined ? [String(user.id), device] : undefined);
  return device;
}
