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
 * Registers an address. With `REQUIRE_VERIFIED_EMAIL`, the account is created when the address is confirmed by email,
 * otherwise immediately. With `CONCEAL_ACCOUNTS`, the result does not reveal whether the address already had an account.
 *
 * @returns the trimmed address in the given spelling
 * @throws {AuthError} the errors of `registerUser`
 */
export async function register(
  context: Context,
  email: string,
  password: string,
  caller: Caller = {},
): Promise<string> {
  caller = sanitizeCaller(caller);
  if (context.settings.REQUIRE_VERIFIED_EMAIL === "on")
    return registerWith(registrationWithVerification, context, email, password, caller);
  return (await registerUser(context, email, password, caller)).email;
}

export function registerUser(context: Context, email: string, password: string, caller: Caller): Promise<User> {
  return registerWith(immediateRegistration, context, email, password, caller);
}

/** How a registration is checked and stored. */
interface RegistrationMethod<Result> {
  isTaken(context: Context, address: string): Promise<boolean>;
  store(context: Context, address: string, hashedPassword: string, caller: Caller): Promise<Result>;
}

const immediateRegistration: RegistrationMethod<User> = {
  // Optimization: saves a hash. The constraint of the table decides between simultaneous registrations.
  isTaken: async (context, address) => (await findUserByEmail(context, address)) !== null,
  async store({ db, trail }, address, hashedPassword, caller) {
    const user = await db.addUser(address, hashedPassword, caller.idempotencyKeys).catch((error: unknown) => {
      throw error instanceof EmailTaken ? emailTakenError(address) : error;
    });
    trail.record("user_registered", { caller, userId: user.id });
    return user;
  },
};

const registrationWithVerification: RegistrationMethod<string> = {
  // If accounts are concealed, the account is looked up only when the email is sent.
  async isTaken(context, address) {
    if (context.settings.CONCEAL_ACCOUNTS === "on") return false;
    return Boolean((await findUserByEmail(context, address))?.emailVerifiedAt);
  },
  async store(context, address, hashedPassword, caller) {
    const { language = "en" } = caller;
    const notice = { kind: "registration", language, network: widestNetworkOf(caller.ip) } as const;
    const isStored = await reserveSilently(context, "keptRegistration", { address, caller });
    if (isStored) {
      const isMailed = await reserveSilently(context, "registration", { address, caller });
      await context.db.registrations.add(address, hashedPassword, isMailed ? notice : null, caller.idempotencyKeys);
    }
    context.trail.record("registration_asked", { caller, address, changed: isStored });
    return address;
  },
};

function registerWith<Result>(
  method: RegistrationMethod<Result>,
  context: Context,
  email: string,
  password: string,
  caller: Caller,
): Promise<Result> {
  return context.trail.recordIfRejected("registration_refused", { caller }, async () => {
    const address = requireValidEmail(email, context.settings.EMAIL_FORMAT);
    await checkLocally(context, password, address);
    using slot = takeSlot(context, caller, address);
    const attempt = await reserve(context, "registration", { address, caller });
    return await attempt.useFor(hashAndStore(method, context, address, password, slot, caller));
  });
}

async function hashAndStore<Result>(
  method: RegistrationMethod<Result>,
  context: Context,
  address: string,
  password: string,
  slot: HashSlot,
  caller: Caller,
): Promise<Result> {
  await checkBreaches(context, password);
  if (await method.isTaken(context, address)) throw emailTakenError(address);
  const hashed = await context.passwords.hashPassword(password, slot);
  return method.store(context, address, hashed, caller);
}
