import type { Awaitable, LiveSession, SessionUser } from "../../db/db.ts";
import type { PublicUser } from "../../user.ts";
import type { Caller } from "../caller.ts";
import type { Context } from "../context.ts";
import { generateToken } from "../secrets.ts";
import { findUserByEmail } from "../users.ts";

/** The maximum length of a token. Longer values are rejected without a query. */
const maxTokenLength = 250;

export async function createSession(context: Context, email: string, caller: Caller): Promise<string | null> {
  const { db, settings } = context;
  const user = await findUserByEmail(context, email);
  if (!user) return null;
  const { ip, userAgent } = caller;
  const limit = settings.SESSION_LIMIT;
  const session = await db.sessions.open({ userId: user.id, sessionId: generateToken(settings), limit, ip, userAgent });
  return session?.sessionId ?? null;
}

export function getUserFromSessionId(context: Context, sessionId: string | null): Awaitable<PublicUser | null> {
  if (!couldBeSession(sessionId)) return null;
  // Checked before the lookup: the last use may be written between the lookup and its result.
  const isPending = context.lastSeen.isPending(sessionId);
  const found = context.db.sessions.find(sessionId);
  return found instanceof Promise
    ? found.then((session) => recordUse(context, sessionId, session, isPending))
    : recordUse(context, sessionId, found, isPending);
}

export async function logOut(context: Context, sessionId: string | null, caller: Caller): Promise<boolean> {
  const user = await getUserFromSessionId(context, sessionId);
  if (!user || !(await context.db.sessions.end(sessionId as string))) return false;
  context.trail.record("logged_out", { caller, userId: user.id });
  return true;
}

/** Returns the account of a live session with all stored attributes, or null. Records that the session was used. */
export async function findUserBySession(
  { db, lastSeen }: Context,
  sessionId: string | null,
): Promise<SessionUser | null> {
  if (!couldBeSession(sessionId)) return null;
  const isPending = lastSeen.isPending(sessionId);
  let user = await db.sessions.findUser(sessionId);
  if (!user && isPending) {
    await lastSeen.flush();
    user = await db.sessions.findUser(sessionId);
  }
  if (user) lastSeen.record(sessionId, user.lastSeenAt);
  return user;
}

/** Accepts any value, because a program may pass anything. */
function couldBeSession(sessionId: unknown): sessionId is string {
  return typeof sessionId === "string" && sessionId !== "" && sessionId.length <= maxTokenLength;
}

function recordUse(
  context: Context,
  sessionId: string,
  session: LiveSession | null,
  isPending: boolean,
): Awaitable<PublicUser | null> {
  if (!session) return isPending ? findAfterFlush(context, sessionId) : null;
  context.lastSeen.record(sessionId, session.lastSeenAt);
  return session.user;
}

/** Handles a session that has expired by its stored last use, but has been used since. */
async function findAfterFlush(context: Context, sessionId: string): Promise<PublicUser | null> {
  await context.lastSeen.flush();
  const session = await context.db.sessions.find(sessionId);
  if (!session) return null;
  context.lastSeen.record(sessionId, session.lastSeenAt);
  return session.user;
}
