import type { Awaitable, SeenSession } from "../db/db.ts";
import type { PublicUser } from "../user.ts";
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
): Awaitable<PublicUser | null> {
  if (typeof sessionId !== "string" || sessionId === "" || sessionId.length > longestToken) return null;
  const found = db.findSession(sessionId);
  return found instanceof Promise
    ? found.then((session) => seen(lastSeen, sessionId, session))
    : seen(lastSeen, sessionId, found);
}

export async function logOut({ db, trail }: Context, sessionId: string | null, caller: Caller): Promise<boolean> {
  if (typeof sessionId !== "string" || sessionId === "" || sessionId.length > longestToken) return false;
  const session = await db.findSession(sessionId);
  if (!session || !(await db.endSession(sessionId))) return false;
  trail.record("logged_out", { caller, userId: session.user.id });
  return true;
}

function seen(lastSeen: LastSeen, sessionId: string, session: SeenSession | null): PublicUser | null {
  if (!session) return null;
  lastSeen.note(sessionId, session.lastSeenAt);
  return session.user;
}
