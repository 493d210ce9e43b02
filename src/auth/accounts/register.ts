import { EmailTaken } from "../../errors.ts";
import type { User } from "../../user.ts";
import { requesterOf } from "../../values/network.ts";
import type { Caller } from "../caller.ts";
import type { Context } from "../context.ts";
import { taken, validEmail } from "../email.ts";
import { limited, takeInSilence } from "../limits/limits.ts";
import { checkBreaches, checkByOurselves } from "../passwords/password-policy.ts";
import type { HashPlace } from "../passwords/passwords.ts";
import { takePlace } from "../passwords/places.ts";
import { userByEmail } from "../users.ts";

/**
 * Registers as the settings say: at once, or when the address is confirmed. Returns the trimmed address in the given spelling.
 */
export async function register(context: Context, email: string, password: string, caller: Caller): Promise<string> {
  if (context.settings.REQUIRE_VERIFIED_EMAIL === "off") {
    return (await registerUser(context, email, password, caller)).email;
  }
  return registering(context, email, password, caller, async (address, place) => {
    const { db, settings, passwords, trail } = context;
    if (settings.CONCEAL_ACCOUNTS === "off" && (await userByEmail(context, address))?.emailVerifiedAt) {
      throw taken(address);
    }
    // Where accounts are concealed nothing is looked up from here on: what mail goes out is decided when it is sent.
    const hashed = await passwords.hashPassword(password, place);
    const { language = "en" } = caller;
    const notice = { kind: "registration", language, network: requesterOf(caller.ip) } as const;
    const isKept = await takeInSilence(context, "keptRegistration", { address, caller });
    if (isKept) {
      const isMailed = await takeInSilence(context, "registration", { address, caller });
      await db.addRegistration(address, hashed, isMailed ? notice : null, caller.acts);
    }
    trail.record("registration_asked", { caller, address, changed: isKept });
    return address;
  });
}

export function registerUser(context: Context, email: string, password: string, caller: Caller): Promise<User> {
  return registering(context, email, password, caller, async (address, place) => {
    const { db, passwords, trail } = context;
    // Only saves a hash: of two at the same time it stops neither, and the table's constraint decides.
    if (await userByEmail(context, address)) throw taken(address);
    const hashed = await passwords.hashPassword(password, place);
    const user = await db.addUser(address, hashed, caller.acts).catch((error: unknown) => {
      throw error instanceof EmailTaken ? taken(address) : error;
    });
    trail.record("user_registered", { caller, userId: user.id });
    return user;
  });
}

async function registering<T>(
  context: Context,
  email: string,
  password: string,
  caller: Caller,
  work: (address: string, place: HashPlace) => Promise<T>,
): Promise<T> {
  return context.trail.watch("registration_refused", { caller }, async () => {
    const address = validEmail(email, context.settings.EMAIL_FORMAT);
    await checkByOurselves(context, password, address);
    using place = takePlace(context, caller, address);
    return await limited(context, "registration", { address, caller }, async () => {
      await checkBreaches(context, password);
      return work(address, place);
    });
  });
}
