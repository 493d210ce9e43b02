import { setImmediate as yieldToOthers } from "node:timers/promises";
import type { StoredEvent } from "../../db/db.ts";
import { toIso } from "../../values/iso.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { Context } from "../context.ts";
import { requireUser } from "../sessions/logged-in-user.ts";
import { findSessions } from "../sessions/session-list.ts";
import { requireConfirmedPassword } from "./current-password.ts";

/** The export has only the newest events: failed logins by attackers can add any number of them. */
const maxEvents = 10_000;
/** Events read by one statement. Other requests run in between. */
const pageSize = 500;

/**
 * Returns all stored data about the user, to be written as JSON. Passwords, tokens and device secrets are left out. Times
 * are ISO 8601, UTC.
 *
 * @throws {AuthError} `not_logged_in`, `password_needed`
 */
// The return type is inferred, so that the compiler compares it with the description of `GET /profile/export`.
export async function exportData(context: Context, sessionId: string | null, caller: Caller = {}) {
  caller = sanitizeCaller(caller);
  const { db, trail } = context;
  const user = await requireUser(context, sessionId);
  await requireConfirmedPassword(context, user, caller);
  trail.record("account_exported", { caller, userId: user.id });
  await trail.flush();
  const { id, email } = user;
  const events = await findNewestEvents(context, id);
  const { sessions } = await findSessions(context, id, { current: user.sessionId });
  const devices = await db.devices.list(id);
  const former = await db.undoEmailChange.listFormerEmails(id);
  const mails = await db.outbox.listForUser(user);
  const failed = await db.failedMails.listForUser(user);
  return {
    id,
    email,
    moves_to: await db.changeEmail.findNewEmail(id),
    ...(former.length > 0 && { former_emails: former.map(({ email, leftAt }) => ({ email, left_at: toIso(leftAt) })) }),
    email_verified_at: toIso(user.emailVerifiedAt),
    reset_token_expires_at: toIso(user.resetTokenExpiresAt),
    created_at: toIso(user.createdAt),
    updated_at: toIso(user.updatedAt),
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

/** Returns the newest events of a user in ascending order. */
async function findNewestEvents({ db }: Context, userId: number): Promise<StoredEvent[]> {
  let events: StoredEvent[] = [];
  for (let before: number | undefined; ; await yieldToOthers()) {
    const page = await db.audit.list({ userId, newest: true, limit: pageSize, before });
    events = [...page, ...events];
    if (page.length < pageSize || events.length >= maxEvents) return events;
    before = page[0]?.id;
  }
}
