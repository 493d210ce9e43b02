import { notLoggedInError } from "../../errors.ts";
import type { User } from "../../user.ts";
import type { Context } from "../context.ts";
import { findUserBySession } from "./sessions.ts";

/** A logged-in user with password hash and session id. Never returned by `Auth`. */
export type LoggedInUser = User & { readonly sessionId: string };

/** @throws {AuthError} `not_logged_in` */
export async function requireUser(context: Context, sessionId: string | null): Promise<LoggedInUser> {
  const user = await findUserBySession(context, sessionId);
  if (user && user.sessionId !== null) return user as LoggedInUser;
  throw notLoggedInError();
}
