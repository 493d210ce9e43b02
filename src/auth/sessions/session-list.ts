import { type ListedSession, maxSessions, type SessionPage, type SessionQuery } from "../../db/db.ts";
import { AuthError } from "../../errors.ts";
import { toIso } from "../../values/iso.ts";
import { isUserId } from "../../values/storable.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { describeDevice } from "../devices/devices.ts";
import { requireUser } from "./session-user.ts";

/** A session as it is shown: where it is logged in, since when, and under a handle that opens nothing. */
export interface SessionInfo {
  readonly id: string;
  readonly current: boolean;
  /** Such as `Firefox/Windows`; null for what is none that is known. */
  readonly device: string | null;
  readonly user_agent: string | null;
  readonly ip: string | null;
  /** ISO 8601, UTC. */
  readonly created_at: string | null;
  readonly last_seen_at: string | null;
  readonly expires_at: string | null;
}

/**
 * Where a person is logged in, the newest first: all of their sessions, of which there are at most 1,000.
 *
 * @throws {AuthError} `not_logged_in`
 */
export async function list(context: Context, sessionId: string | null): Promise<readonly SessionInfo[]> {
  return (await page(context, sessionId)).sessions;
}

/**
 * Some of a person's sessions, the newest first. The one that asks is on the first page, last if others are newer.
 *
 * @param wanted `limit`, at most 1,000 sessions; and `after`, the `next` of the page before
 * @throws {AuthError} `not_logged_in`, `page_invalid`
 * @example
 * const { sessions, next } = await auth.sessions.page(sessionId, { limit: 100 });
 */
export async function page(
  context: Context,
  sessionId: string | null,
  wanted: { readonly limit?: number | undefined; readonly after?: string | undefined } = {},
): Promise<SessionPage<SessionInfo>> {
  const { id } = await requireUser(context, sessionId);
  const { limit = maxSessions, after } = wanted;
  return listSessions(context, id, { current: sessionId as string, limit, after });
}

/**
 * Ends one of a person's sessions, by its handle.
 *
 * @throws {AuthError} `not_logged_in`, `unknown_session`
 */
export async function end(context: Context, sessionId: string | null, handle: string, by: Caller = {}): Promise<void> {
  const caller = sanitizeCaller(by);
  const { id: userId } = await requireUser(context, sessionId);
  if (!(await context.db.sessions.endByHandle(userId, handle, caller.idempotencyKeys))) {
    throw new AuthError("unknown_session", "no such session");
  }
  context.trail.record("sessions_ended", { caller, userId, detail: "one" });
}

/**
 * Ends every session of a person but this one; returns how many there were.
 *
 * @throws {AuthError} `not_logged_in`
 */
export async function endOthers(context: Context, sessionId: string | null, by: Caller = {}): Promise<number> {
  const caller = sanitizeCaller(by);
  const person = await requireUser(context, sessionId);
  const ended = await context.db.sessions.endOthers(person.id, person.sessionId);
  context.trail.record("sessions_ended", {
    caller,
    userId: person.id,
    detail: `all others: ${ended}`,
    changed: ended > 0,
  });
  return ended;
}

/**
 * A page of the live sessions of a user, the newest first.
 *
 * @throws {AuthError} `page_invalid`
 */
export async function listSessions(
  { db }: Context,
  userId: number,
  { limit = maxSessions, ...wanted }: Partial<SessionQuery> = {},
): Promise<SessionPage<SessionInfo>> {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxSessions) {
    throw new AuthError("page_invalid", `limit must be a whole number from 1 to ${maxSessions}`);
  }
  const page = isUserId(userId) ? await db.sessions.list(userId, { limit, ...wanted }) : { sessions: [], next: null };
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
