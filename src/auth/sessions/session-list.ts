import { type ListedSession, maxSessions, type SessionPage, type SessionQuery } from "../../db/db.ts";
import { AuthError } from "../../errors.ts";
import { toIso } from "../../values/iso.ts";
import { isUserId } from "../../values/storable.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { describeDevice } from "../devices/devices.ts";
import { requireUser } from "./logged-in-user.ts";

/** A session as it is listed. `id` identifies it for `end`, and cannot be used to log in. */
export interface SessionInfo {
  readonly id: string;
  readonly current: boolean;
  /** Browser and operating system, such as `Firefox/Windows`, or null if unknown. */
  readonly device: string | null;
  readonly user_agent: string | null;
  readonly ip: string | null;
  /** ISO 8601, UTC. */
  readonly created_at: string | null;
  readonly last_seen_at: string | null;
  readonly expires_at: string | null;
}

/**
 * Returns the sessions of the logged-in user, newest first: at most 1,000.
 *
 * @throws {AuthError} `not_logged_in`
 */
export async function list(context: Context, sessionId: string | null): Promise<readonly SessionInfo[]> {
  return (await listPage(context, sessionId)).sessions;
}

/**
 * Returns a page of the sessions of the logged-in user, newest first. The first page always contains the current session,
 * as the last one if the others are newer.
 *
 * @param query `limit`, at most 1,000 sessions, and `after`, the `next` of the previous page
 * @throws {AuthError} `not_logged_in`, `page_invalid`
 * @example
 * const { sessions, next } = await auth.sessions.listPage(sessionId, { limit: 100 });
 */
export async function listPage(
  context: Context,
  sessionId: string | null,
  query: { readonly limit?: number | undefined; readonly after?: string | undefined } = {},
): Promise<SessionPage<SessionInfo>> {
  const { id } = await requireUser(context, sessionId);
  const { limit = maxSessions, after } = query;
  return findSessions(context, id, { current: sessionId as string, limit, after });
}

/**
 * Ends a session of the logged-in user.
 *
 * @param handle the `id` of the session in the list
 * @throws {AuthError} `not_logged_in`, `unknown_session`
 */
export async function end(
  context: Context,
  sessionId: string | null,
  handle: string,
  caller: Caller = {},
): Promise<void> {
  caller = sanitizeCaller(caller);
  const { id: userId } = await requireUser(context, sessionId);
  if (!(await context.db.sessions.endByHandle(userId, handle, caller.idempotencyKeys))) {
    throw new AuthError("unknown_session", "no such session");
  }
  context.trail.record("sessions_ended", { caller, userId, detail: "one" });
}

/**
 * Ends all other sessions of the logged-in user. Returns their number.
 *
 * @throws {AuthError} `not_logged_in`
 */
export async function endOthers(context: Context, sessionId: string | null, caller: Caller = {}): Promise<number> {
  caller = sanitizeCaller(caller);
  const user = await requireUser(context, sessionId);
  const ended = await context.db.sessions.endOthers(user.id, user.sessionId);
  context.trail.record("sessions_ended", {
    caller,
    userId: user.id,
    detail: `all others: ${ended}`,
    changed: ended > 0,
  });
  return ended;
}

/**
 * Returns a page of the live sessions of a user, newest first.
 *
 * @throws {AuthError} `page_invalid`
 */
export async function findSessions(
  { db }: Context,
  userId: number,
  { limit = maxSessions, ...query }: Partial<SessionQuery> = {},
): Promise<SessionPage<SessionInfo>> {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxSessions) {
    throw new AuthError("page_invalid", `limit must be a whole number from 1 to ${maxSessions}`);
  }
  const page = isUserId(userId) ? await db.sessions.list(userId, { limit, ...query }) : { sessions: [], next: null };
  if (page === null) throw new AuthError("page_invalid", "after must be the next value of the previous page");
  return { sessions: page.sessions.map(toSessionInfo), next: page.next };
}

function toSessionInfo({
  handle,
  current,
  userAgent,
  ip,
  createdAt,
  lastSeenAt,
  expiresAt,
}: ListedSession): SessionInfo {
  return {
    id: handle,
    current,
    device: describeDevice(userAgent),
    user_agent: userAgent,
    ip,
    created_at: toIso(createdAt),
    last_seen_at: toIso(lastSeenAt),
    expires_at: toIso(expiresAt),
  };
}
