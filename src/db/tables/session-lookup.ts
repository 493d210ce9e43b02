import type { Expression, SqlBool } from "kysely";
import type { PublicUser, User } from "../../user.ts";
import { publicColumns, userColumns } from "../attributes.ts";
import { digest } from "../digest.ts";
import type { Awaitable } from "../engine.ts";
import { sessionCondition } from "../locks.ts";
import type { Store } from "../store.ts";

/** A user with all stored attributes, and the stored time of the last use of the session. */
export type SessionUser = User & { readonly lastSeenAt: number };

/** A live session: the public attributes of its user, and the stored time of its last use. */
export interface LiveSession {
  readonly user: PublicUser;
  readonly lastSeenAt: number;
}

/**
 * How long the previous id of a renewed session stays valid, in milliseconds. Concurrent requests and lost responses require it.
 */
const renewalGrace = 10_000;

/**
 * Returns the range of renewal times for which the previous id is still valid. A time slightly in the future was stored by
 * another node; a later time was stored by a wrong clock.
 */
function graceRange(now: number): readonly [after: number, until: number] {
  return [now - renewalGrace, now + renewalGrace];
}

/** Selects the sessions that have not expired. */
export function selectLiveSessions({ db, clock, lifetimes }: Store) {
  const now = clock();
  return db
    .selectFrom("sessions")
    .where("expires_at", ">", now)
    .where("last_seen_at", ">", now - lifetimes.SESSION_IDLE);
}

/**
 * Prepares a function that finds a live session of an enabled account, with public attributes only. Most requests with a session
 * call the function, so its queries are compiled only once.
 */
export function find({ db, engine, lifetimes, clock }: Store): (sessionId: string) => Awaitable<LiveSession | null> {
  const found = db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.user_id")
    .select(publicColumns)
    .select("sessions.last_seen_at as lastSeenAt")
    .where("expires_at", ">", 0)
    .where("last_seen_at", ">", 0)
    .where("disabled_at", "is", null);
  const byId = found.where("session_id", "=", "").compile();
  const byPreviousId = found
    .where("previous_id", "=", "")
    .where("renewed_at", ">", 0)
    .where("renewed_at", "<=", 0)
    .compile();
  const read = (query: typeof byId, parameters: readonly (string | number)[]): Awaitable<LiveSession | null> => {
    const lookup: typeof byId = { ...query, parameters };
    const rows = engine.read(lookup);
    return rows instanceof Promise ? rows.then(toLiveSession) : toLiveSession(rows);
  };
  const readPrevious = (idHash: string, now: number) =>
    read(byPreviousId, [now, now - lifetimes.SESSION_IDLE, idHash, ...graceRange(now)]);
  return (sessionId) => {
    const idHash = digest(sessionId);
    const now = clock();
    const session = read(byId, [now, now - lifetimes.SESSION_IDLE, idHash]);
    // This separate query runs only if the first one finds nothing. A single query for both ids would slow down every request.
    if (session instanceof Promise) return session.then((some) => some ?? readPrevious(idHash, now));
    return session ?? readPrevious(idHash, now);
  };
}

type Row = Omit<PublicUser, "disabledAt"> & { readonly lastSeenAt: number };

function toLiveSession([row]: readonly Row[]): LiveSession | null {
  if (!row) return null;
  const { id, email, emailVerifiedAt, createdAt, updatedAt, lastSeenAt } = row;
  return { user: { id, email, emailVerifiedAt, disabledAt: null, createdAt, updatedAt }, lastSeenAt };
}

/** Finds the user of a live session of an enabled account, with all stored attributes. */
export async function findUser(store: Store, sessionId: string): Promise<SessionUser | null> {
  const row = await selectLiveSessions(store)
    .innerJoin("users", "users.id", "sessions.user_id")
    .select(userColumns)
    .select("sessions.last_seen_at as lastSeenAt")
    .where(isSession(sessionId, store.clock()))
    .where("disabled_at", "is", null)
    .executeTakeFirst();
  return row ? { ...row, sessionId, resetToken: null } : null;
}

/** Returns a condition that is true if a session has this id, or had it until a renewal within the last ten seconds. */
export function isSession(sessionId: string, now: number): Expression<SqlBool> {
  const idHash = digest(sessionId);
  const [after, until] = graceRange(now);
  return sessionCondition.or([
    sessionCondition("session_id", "=", idHash),
    sessionCondition.and([
      sessionCondition("previous_id", "=", idHash),
      sessionCondition("renewed_at", ">", after),
      sessionCondition("renewed_at", "<=", until),
    ]),
  ]);
}
