import { notLoggedInError } from "../../errors.ts";
import type { User } from "../../user.ts";
import type { Context } from "../context.ts";
import { userOfSession } from "./sessions.ts";

/** A logged-in person, with the secrets that are compared and renewed here: never returned to callers. */
export type Person = User & { readonly sessionId: string };

/** @throws {AuthError} `not_logged_in` */
export async function ownerOf(context: Context, sessionId: string | null): Promise<Person> {
  const user = await userOfSession(context, sessionId);
  if (user && user.sessionId !== null) return user as Person;
  throw notLoggedInError();
}
