import type { Awaitable, SeenUser } from "../db/db.ts";
import type { User } from "../user.ts";
import { userByEmail } from "./accounts.ts";
import type { Caller, Context } from "./context.ts";
import type { LastSeen } from "./last-seen.ts";
import { newToken } from "./secrets.ts";

/** Longer than any token of ours: what is longer is not looked for. */
const longestToken = 250;

export async function createSession(context: Context, email: string, caller: Caller): Promise<string | null> {
  const { db, settings } = context;
  const user = await userByEmail(context, email);
  if (!user) return null;
  const { ip, userAgent } = caller;
  const limit = settings.SESSION_LIMIT;
  const session = await db.openSession({ userId: user.id, sessionId: newToken(settings), limit, ip, userAgent });
  return session?.sessionId ?? null;
}

export function getUserFromSessionId(
  { db }: Context,
  lastSeen: LastSeen,
  sessionId: string | null,
): Awaitable<User | null> {
  if (!sessionId || sessionId.length > longestToken) return null;
  const found = db.findUserBySession(sessionId);
  return found instanceof Promise ? found.then((user) => seen(lastSeen, user)) : seen(lastSeen, found);
}

export async function logOut({ db, trail }: Context, sessionId: string | null, caller: Caller): Promise<boolean> {
  const user = sessionId && sessionId.length <= longestToken ? await db.findUserBySession(sessionId) : null;
  if (!user || !(await db.endSession(user.sessionId as string))) return false;
  trail.record("logged_out", { caller, userId: user.id });
  return true;
}

function seen(lastSeen: LastSeen, user: SeenUser | null): User | null {
  if (user) lastSeen.note(user);
  return user;
}
