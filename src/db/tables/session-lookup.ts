import type { Expression, SqlBool } from "kysely";
import type { PublicUser, User } from "../../user.ts";
import { publicColumns, userColumns } from "../attributes.ts";
import { digest } from "../digest.ts";
import type { Awaitable } from "../engine.ts";
import { sessionCondition } from "../locks.ts";
import type { Store } from "../store.ts";

/** A user found by a session, and when that was last written as seen. */
export type SessionUser = User & { readonly lastSeenAt: number };

/** A live session as every request of a logged-in person needs it: its user, and the stored time of its last use. */
export interface LiveSession {
  readonly user: PublicUser;
  readonly lastSeenAt: number;
}

/**
 * How long the previous id leads to a renewed session, in milliseconds, so that requests under way and lost responses end no
 * session.
 */
const renewalGrace = 10_000;

/**
 * The range of renewal times whose previous id is still valid. A time slightly in the future may come from another node; a
 * later one from a wrong clock.
 */
function graceRange(now: number): readonly [after: number, until: number] {
  return [now - renewalGrace, now + renewalGrace];
}

/** The sessions that have reached neither end. */
export function selectLiveSessions({ db, clock, lifetimes }: Store) {
  const now = clock();
  return db
    .selectFrom("sessions")
    .where("expires_at", ">", now)
    .where("last_seen_at", ">", now - lifetimes.SESSION_IDLE);
}

/**
 * Finds a live session whose account is not disabled, without reading a secret. Every request of a logged-in person does this
 * lookup: its query is built once, and it is synchronous if the driver is.
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
  const readPrevious = (hashed: string, now: number) =>
    read(byPreviousId, [now, now - lifetimes.SESSION_IDLE, hashed, ...graceRange(now)]);
  return (sessionId) => {
    const hashed = digest(sessionId);
    const now = clock();
    const session = read(byId, [now, now - lifetimes.SESSION_IDLE, hashed]);
    // The second read happens only if the first finds nothing: one statement for both would make every hit slower.
    if (session instanceof Promise) return session.then((some) => some ?? readPrevious(hashed, now));
    return session ?? readPrevious(hashed, now);
  };
}

type Row = Omit<PublicUser, "disabledAt"> & { readonly lastSeenAt: number };

function toLiveSession([row]: readonly Row[]): LiveSession | null {
  if (!row) return null;
  const { id, email, emailVerifiedAt, createdAt, updatedAt, lastSeenAt } = row;
  return { user: { id, email, emailVerifiedAt, disabledAt: null, createdAt, updatedAt }, lastSeenAt };
}

/** Finds the user of a live session, with all stored attributes, unless the account is disabled. */
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

/** Whether a session has a presented id, or had it until some seconds ago. */
export function isSession(sessionId: string, now: number): Expression<SqlBool> {
  const hashed = digest(sessionId);
  const [after, until] = graceRange(now);
  return sessionCondition.or([
    sessionCondition("session_id", "=", hashed),
    sessionCondition.and([
      sessionCondition("previous_id", "=", hashed),
      sessionCondition("renewed_at", ">", after),
      sessionCondition("renewed_at", "<=", until),
    ]),
  ]);
}
