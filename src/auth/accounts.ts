import { AuthError, EmailTaken, NoResultFound } from "../errors.ts";
import type { User } from "../user.ts";
import type { Caller, Context } from "./context.ts";
import { normaliseEmail } from "./email.ts";
import { networkOf } from "./network.ts";
import { checkPassword } from "./password-policy.ts";

export async function registerUser(context: Context, email: string, password: string, caller: Caller): Promise<User> {
  const { db, passwords, log, settings } = context;
  const address = normaliseEmail(email);
  if (address === null) throw new AuthError("email_invalid", "email is not a valid address");
  checkPassword(password, settings);
  // Only saves a hash: of two at the same time it stops neither, and the table's constraint decides.
  if (await userByEmail(context, address)) throw taken(address);
  const hashed = await passwords.hashPassword(password, networkOf(caller.ip));
  const user = await db.addUser(address, hashed).catch((error: unknown) => {
    throw error instanceof EmailTaken ? taken(address) : error;
  });
  log.info({ event: "user_registered", userId: user.id, ip: caller.ip }, "user registered");
  return user;
}

/** The user of an address in any spelling, or null. */
export async function userByEmail({ db }: Context, email: string): Promise<User | null> {
  const address = normaliseEmail(email);
  if (address === null) return null;
  try {
    return await db.findUserBy({ email: address });
  } catch (error) {
    if (error instanceof NoResultFound) return null;
    throw error;
  }
}

function taken(email: string): AuthError {
  return new AuthError("email_taken", `User ${email} already exists`);
}
