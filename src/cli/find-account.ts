import type { Auth } from "../auth/auth.ts";
import type { PublicUser } from "../user.ts";
import { CommandFailure } from "./failures.ts";
import { sanitize } from "./format.ts";

/**
 * Finds an account by id or email address. A text of digits only is an id.
 *
 * @throws {CommandFailure} if there is none
 */
export async function findAccount(auth: Auth, account: string): Promise<PublicUser> {
  const user = await auth.admin.findAccount(/^\d+$/.test(account) ? Number(account) : account);
  if (user) return user;
  throw new CommandFailure(`there is no account ${sanitize(account)}`);
}
