import { type PublicUser, toPublicUser } from "../../user.ts";
import type { Context } from "../context.ts";
import { requireUser } from "../sessions/logged-in-user.ts";

/**
 * Returns the account of a session, as it is in the database now.
 *
 * @throws {AuthError} `not_logged_in`
 */
export async function getUser(context: Context, sessionId: string | null): Promise<PublicUser> {
  return toPublicUser(await requireUser(context, sessionId));
}
