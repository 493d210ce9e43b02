import { NoResultFound } from "../errors.ts";
import type { User } from "../user.ts";
import { readEmail } from "../values/email.ts";
import { isUserId } from "../values/storable.ts";
import type { Context } from "./context.ts";

/** Returns the user with this address, in any spelling, or null. */
export async function findUserByEmail({ db }: Context, email: string): Promise<User | null> {
  const address = readEmail(email);
  return address === null ? null : db.users.findByEmail(address);
}

/** Returns the user with this id, or null. */
export async function findUserById({ db }: Context, id: number): Promise<User | null> {
  return isUserId(id) ? nullIfNotFound(db.findUserBy({ id })) : null;
}

async function nullIfNotFound(finding: Promise<User>): Promise<User | null> {
  try {
    return await finding;
  } catch (error) {
    if (error instanceof NoResultFound) return null;
    throw error;
  }
}
