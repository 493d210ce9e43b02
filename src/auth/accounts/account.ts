import { type PublicUser, toPublicUser } from "../../user.ts";
import type { Context } from "../context.ts";
import { ownerOf } from "../sessions/owner.ts";

/**
 * The account of a session, read from the database.
 *
 * @throws {AuthError} `not_logged_in`
 */
export async function personOf(context: Context, sessionId: string | null): Promise<PublicUser> {
  return toPublicUser(await ownerOf(context, sessionId));
}
