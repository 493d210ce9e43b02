import { AuthError } from "../errors.ts";
import type { Session, User } from "../user.ts";
import { userByEmail } from "./accounts.ts";
import type { Caller, Context } from "./context.ts";
import { normaliseEmail } from "./email.ts";
import { networkOf } from "./network.ts";
import { newToken } from "./secrets.ts";

/** What is shown to log in. */
export interface Login {
  readonly email: string;
  readonly password: string;
  /** A session that the caller has already: the new one takes its place. */
  readonly replaces?: string | undefined;
}

export async function logIn(context: Context, login: Login, caller: Caller): Promise<{ user: User; session: Session }> {
  const { db, settings, log } = context;
  const user = await verify(context, login, caller);
  const session =
    user &&
    (await db.openSession({
      userId: user.id,
      sessionId: newToken(settings),
      verifiedHash: user.hashedPassword,
      rehashed: await rehash(context, user, login, caller),
      replaces: login.replaces,
      limit: settings.SESSION_LIMIT,
      ip: caller.ip,
      userAgent: caller.userAgent,
    }));
  if (!session) {
    log.info({ event: "login_refused", userId: user?.id, ip: caller.ip }, "login refused");
    throw new AuthError("wrong_login", "wrong email or password");
  }
  log.info({ event: "logged_in", userId: user.id, ip: caller.ip }, "logged in");
  return { user: { ...user, sessionId: session.sessionId }, session };
}

/**
 * The user whose email and password these are, or null. An address without an account, or with a disabled one, costs the
 * same hash as a wrong password (OWASP Authentication Cheat Sheet, "Authentication Responses").
 */
export async function verify(context: Context, { email, password }: Login, caller: Caller): Promise<User | null> {
  if (normaliseEmail(email) === null || password === "") return null;
  const user = await userByEmail(context, email);
  const matches = await context.passwords.verifyPassword(password, user?.hashedPassword ?? null, networkOf(caller.ip));
  return matches && user?.disabledAt === null ? user : null;
}

/** A hash of today's strength for a password that was just right; it can wait for another login when many are waiting. */
async function rehash(
  { passwords }: Context,
  user: User,
  { password }: Login,
  caller: Caller,
): Promise<string | undefined> {
  if (!passwords.isOutdated(user.hashedPassword, password)) return undefined;
  try {
    return await passwords.hashPassword(password, networkOf(caller.ip));
  } catch (error) {
    if (error instanceof AuthError && error.code === "busy") return undefined;
    throw error;
  }
}
