import { setImmediate as turn } from "node:timers/promises";
import type { StoredEvent } from "../../db/db.ts";
import { toIso } from "../../values/iso.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { listSessions } from "../sessions/session-list.ts";
import { requireUser } from "../sessions/session-user.ts";
import { requireConfirmedPassword } from "./current-password.ts";

/** The newest of a person's events: strangers who fail to log in make more of them than anybody reads. */
const mostEvents = 10_000;
/** How many of them one statement reads: other requests go on between two. */
const eventsAtOnce = 500;

/**
 * All that is held about a person, to be written as JSON. Secrets are held as hashes, and stay here. Times are ISO 8601, UTC.
 *
 * @throws {AuthError} `not_logged_in`, `password_needed`
 */
export async function exportData(context: Context, sessionId: string | null, by: Caller = {}): Promise<object> {
  const caller = sanitizeCaller(by);
  const { db, trail } = context;
  const person = await requireUser(context, sessionId);
  await requireConfirmedPassword(context, person, caller);
  trail.record("account_exported", { caller, userId: person.id });
  await trail.flush();
  const { id, email } = person;
  const events = await newestEvents(context, id);
  const { sessions } = await listSessions(context, id, { current: person.sessionId });
  const devices = await db.devices.list(id);
  const former = await db.undoEmailChange.list(id);
  const mails = await db.outbox.listForUser(person);
  const failed = await db.failedMails.listForUser(person);
  return {
    id,
    email,
    moves_to: await db.changeEmail.findNewEmail(id),
    ...(former.length > 0 && { former_emails: former.map(({ email, leftAt }) => ({ email, left_at: toIso(leftAt) })) }),
    email_verified_at: toIso(person.emailVerifiedAt),
    reset_token_expires_at: toIso(person.resetTokenExpiresAt),
    created_at: toIso(person.createdAt),
    updated_at: toIso(person.updatedAt),
    sessions: sessions.map(({ id: _, ...session }) => session),
    devices: devices.map(({ createdAt, lastSeenAt }) => ({
      created_at: toIso(createdAt),
      last_seen_at: toIso(lastSeenAt),
    })),
    mails: [
      ...mails.map(({ kind, createdAt, attempts: tries }) => ({ kind, created_at: toIso(createdAt), tries })),
      ...failed.map(({ kind, createdAt, attempts: tries, failedAt }) => ({
        kind,
        created_at: toIso(createdAt),
        tries,
        failed_at: toIso(failedAt),
      })),
    ],
    events: events.map(({ at, event, ip, userAgent, detail }) => ({
      at: toIso(at),
      event,
      ip,
      user_agent: userAgent,
      detail,
    })),
  };
}

/** The newest events of a person, the oldest of them first. */
async function newestEvents({ db }: Context, userId: number): Promise<StoredEvent[]> {
  let events: StoredEvent[] = [];
  for (let before: number | undefined; ; await turn()) {
    const page = await db.audit.list({ userId, newest: true, limit: eventsAtOnce, before });
    events = [...page, ...events];
    if (page.length < eventsAtOnce || events.length >= mostEvents) return events;
    before = page[0]?.id;
  }
}
