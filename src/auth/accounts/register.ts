import { EmailTaken } from "../../errors.ts";
import type { User } from "../../user.ts";
import { widestNetworkOf } from "../../values/network.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { emailTakenError, requireValidEmail } from "../email.ts";
import { reserve, reserveSilently } from "../limits/limits.ts";
import { checkBreaches, checkLocally } from "../passwords/password-policy.ts";
import type { HashSlot } from "../passwords/passwords.ts";
import { takeSlot } from "../passwords/take-slot.ts";
import { findUserByEmail } from "../users.ts";

/**
 * Registers as the settings say: makes an account at once, or, with `REQUIRE_VERIFIED_EMAIL`, when the address is
 * confirmed by the mail that goes out. With `CONCEAL_ACCOUNTS` nothing tells whether there was an account already.
 *
 * @returns the trimmed address in the given spelling
 * @throws {AuthError} as `registerUser` does
 */
export async function register(context: Context, email: string, password: string, by: Caller = {}): Promise<string> {
  const caller = sanitizeCaller(by);
  if (context.settings.REQUIRE_VERIFIED_EMAIL === "on") return registerBy(byMail, context, email, password, caller);
  return (await registerUser(context, email, password, caller)).email;
}

export function registerUser(context: Context, email: string, password: string, caller: Caller): Promise<User> {
  return registerBy(atOnce, context, email, password, caller);
}

/** A way to register. */
interface Way<Registered> {
  isTaken(context: Context, address: string): Promise<boolean>;
  store(context: Context, address: string, hashedPassword: string, caller: Caller): Promise<Registered>;
}

const atOnce: Way<User> = {
  // Only saves a hash: of two at the same time it stops neither, and the table's constraint decides.
  isTaken: async (context, address) => (await findUserByEmail(context, address)) !== null,
  async store({ db, trail }, address, hashedPassword, caller) {
    const user = await db.addUser(address, hashedPassword, caller.idempotencyKeys).catch((error: unknown) => {
      throw error instanceof EmailTaken ? emailTakenError(address) : error;
    });
    trail.record("user_registered", { caller, userId: user.id });
    return user;
  },
};

const byMail: Way<string> = {
  // Where accounts are concealed nothing is looked up: what mail goes out is decided when it is sent.
  async isTaken(context, address) {
    if (context.settings.CONCEAL_ACCOUNTS === "on") return false;
    return Boolean((await findUserByEmail(context, address))?.emailVerifiedAt);
  },
  async store(context, address, hashedPassword, caller) {
    const { language = "en" } = caller;
    const notice = { kind: "registration", language, network: widestNetworkOf(caller.ip) } as const;
    const isKept = await reserveSilently(context, "keptRegistration", { address, caller });
    if (isKept) {
      const isMailed = await reserveSilently(context, "registration", { address, caller });
      await context.db.registrations.add(address, hashedPassword, isMailed ? notice : null, caller.idempotencyKeys);
    }
    context.trail.record("registration_asked", { caller, address, changed: isKept });
    return address;
  },
};

function registerBy<Registered>(
  way: Way<Registered>,
  context: Context,
  email: string,
  password: string,
  caller: Caller,
): Promise<Registered> {
  return context.trail.recordIfRejected("registration_refused", { caller }, async () => {
    const address = requireValidEmail(email, context.settings.EMAIL_FORMAT);
    await checkLocally(context, password, address);
    using place = takeSlot(context, caller, address);
    const tries = await reserve(context, "registration", { address, caller });
    return await tries.useFor(attempt(way, context, address, password, place, caller));
  });
}

async function attempt<Registered>(
  way: Way<Registered>,
  context: Context,
  address: string,
  password: string,
  place: HashSlot,
  caller: Caller,
): Promise<Registered> {
  await checkBreaches(context, password);
  if (await way.isTaken(context, address)) throw emailTakenError(address);
  const hashed = await context.passwords.hashPassword(password, place);
  return way.store(context, address, hashed, caller);
}
