import { setImmediate as turn } from "node:timers/promises";
import type { StoredEvent } from "../../db/db.ts";
import { AuthError, notLoggedIn } from "../../errors.ts";
import { type PublicUser, publicUser, type Session } from "../../user.ts";
import { clockTolerance } from "../../values/clock-tolerance.ts";
import { isSpellingOf } from "../../values/email.ts";
import { iso } from "../../values/iso.ts";
import { requesterOf } from "../../values/network.ts";
import { actName } from "../acts.ts";
import { type Caller, callerOf } from "../caller.ts";
import type { Context } from "../context.ts";
import { describeDevice, presentedDevice } from "../devices/devices.ts";
import { taken, validEmail } from "../email.ts";
import { accountKeys } from "../limits/caps.ts";
import { reserve, reserveSilently } from "../limits/limits.ts";
import { checkPassword } from "../passwords/password-policy.ts";
import type { HashPlace } from "../passwords/passwords.ts";
import { takePlaceOfDevice } from "../passwords/places.ts";
import { madeToken, renewal } from "../secrets.ts";
import { reserveLogin } from "../sessions/log-in.ts";
import { ownerOf, type Person } from "../sessions/owner.ts";
import { current as currentSession } from "../sessions/renewals.ts";
import { sessionsOf } from "../sessions/session-list.ts";
import { userByEmail } from "../users.ts";

/** How long a password that was given counts, in milliseconds. */
const confirmedFor = 10 * 60_000;

/** What confirming the password returns: the account, and the session under its new id. */
export interface Renewed {
  readonly user: PublicUser;
  readonly session: Pick<Session, "sessionId">;
}

/**
 * Who a session belongs to, read anew.
 *
 * @throws {AuthError} `not_logged_in`
 */
export async function personOf(context: Context, sessionId: string | null): Promise<PublicUser> {
  return publicUser(await ownerOf(context, sessionId));
}

/**
 * Checks the password of a person who is logged in: for ten minutes the session may do what needs it. It goes on under
 * a new id (OWASP ASVS 5.0, 7.2.4).
 *
 * @throws {AuthError} `not_logged_in`, `wrong_password`, `too_many_tries`, `busy`
 */
export async function confirmPassword(
  context: Context,
  sessionId: string | null,
  password: string,
  by: Caller = {},
): Promise<Renewed> {
  const caller = callerOf(by);
  using place = takePlaceOfDevice(context, caller, sessionId ?? "");
  const person = await ownerOf(context, sessionId);
  await givePassword(context, place, person, password, caller);
  const nonce = await context.db.sessions.renew(person.sessionId, renewal(context.settings, person.sessionId));
  if (nonce === false) throw notLoggedIn();
  context.trail.record("password_confirmed", { caller, userId: person.id });
  return renewed(context, person, nonce);
}

/**
 * Changes the password of a person who is logged in, ends their other sessions, and tells them by mail. The session goes
 * on under a new id.
 *
 * @throws {AuthError} `not_logged_in`, `wrong_password` for the current one, a refusal of the chosen one,
 * `too_many_tries`, `busy`
 */
export async function changePassword(
  context: Context,
  sessionId: string | null,
  { current, chosen }: { readonly current: string; readonly chosen: string },
  by: Caller = {},
): Promise<Renewed> {
  const caller = callerOf(by);
  const { db, passwords, settings, trail } = context;
  using place = takePlaceOfDevice(context, caller, sessionId ?? "");
  const person = await ownerOf(context, sessionId);
  // When the same change arrives again, the password is already the new one and the session id may be the previous one. That
  // must not count as a wrong password.
  const act = actName(person.sessionId, "change password", current, chosen);
  const again = async () => (await db.acts.find(act)) !== null && currentSession(context, person.sessionId);
  const before = await again();
  if (before) return { user: publicUser(person), session: { sessionId: before } };
  await givePassword(context, place, person, current, caller);
  const hashedPassword = await trail.watch("password_refused", { caller, userId: person.id }, async () => {
    await checkPassword(context, chosen, person.email);
    return passwords.hashPassword(chosen, place);
  });
  const device = await presentedDevice(context, person, caller);
  const renewedId = await asVerified(context, place, person, current, caller, async (as) => {
    const nonce = await db.users.changePassword({
      userId: as.id,
      verifiedHash: as.hashedPassword,
      hashedPassword,
      sessionId: as.sessionId,
      ...renewal(settings, as.sessionId),
      device,
      language: caller.language ?? "en",
      acts: [...(caller.acts ?? []), act],
    });
    if (nonce === false) return (await again()) || false;
    trail.record("password_changed", { caller, userId: as.id });
    return madeToken(settings, as.sessionId, nonce);
  });
  return { user: publicUser(person), session: { sessionId: renewedId } };
}

/**
 * The session under its new id, which is made from the presented one, so that two simultaneous responses set the same cookie.
 */
function renewed({ settings }: Context, person: Person, nonce: string): Renewed {
  return { user: publicUser(person), session: { sessionId: madeToken(settings, person.sessionId, nonce) } };
}

/**
 * Moves a person's account to another address once that is confirmed. Both addresses get a mail. Whether the new one has an
 * account shows when the outbox is emptied.
 *
 * @returns the trimmed address in the given spelling
 * @throws {AuthError} `not_logged_in`, `password_needed`, `email_invalid`, `email_unchanged` for the present address in any
 * spelling, `too_many_tries`; `email_taken` if accounts are not concealed
 */
export async function changeEmail(
  context: Context,
  sessionId: string | null,
  email: string,
  by: Caller = {},
): Promise<string> {
  const caller = callerOf(by);
  const person = await ownerOf(context, sessionId);
  await needPassword(context, person, caller);
  return context.trail.watch("email_change_refused", { caller, userId: person.id }, () =>
    startMove(context, person, email, caller),
  );
}

async function startMove(context: Context, person: Person, email: string, caller: Caller): Promise<string> {
  const { db, settings, trail } = context;
  // In any spelling: otherwise no mail would be sent to confirm it, and the owner would get a needless warning.
  if (isSpellingOf(email, person.email)) {
    throw new AuthError("email_unchanged", "this is the address of the account already");
  }
  // Only a mail can confirm it.
  const address = validEmail(email, "address");
  await using tries = await reserve(context, "moveMail", { address, mover: person.email, caller });
  if (settings.CONCEAL_ACCOUNTS === "off" && (await userByEmail(context, address))) {
    tries.spend();
    throw taken(address);
  }
  const isMailed = await reserveSilently(context, "moveMail", { address, caller });
  const { language = "en", acts } = caller;
  const move = (as: Person) =>
    db.emailChange.add(as, address, language, { acts, isMailed, network: requesterOf(caller.ip) });
  if (!(await move(person))) {
    // A login may have replaced the hash meanwhile. A changed password has ended the session.
    tries.spend();
    const now = await ownerOf(context, person.sessionId);
    await needPassword(context, now, caller);
    if (!(await move(now))) throw notLoggedIn();
  }
  tries.spend();
  trail.record("email_change_asked", { caller, userId: person.id });
  return address;
}

/**
 * Erases a person's account, and all that tells of it. The owner gets a mail, until which the outbox holds the address.
 *
 * @throws {AuthError} `not_logged_in`, `wrong_password`, `too_many_tries`, `busy`
 */
export async function erase(
  context: Context,
  sessionId: string | null,
  password: string,
  by: Caller = {},
): Promise<void> {
  const caller = callerOf(by);
  const { db, trail } = context;
  using place = takePlaceOfDevice(context, caller, sessionId ?? "");
  const person = await ownerOf(context, sessionId);
  await givePassword(context, place, person, password, caller);
  // What is gathered is written before, so that it is among what is made anonymous.
  await trail.flush();
  const { language = "en", userAgent } = caller;
  const notice = { kind: "deleted", language, device: describeDevice(userAgent) } as const;
  await asVerified(context, place, person, password, caller, (as) =>
    db.users.erase(as, accountKeys(as.email), { verifiedHash: as.hashedPassword, acts: caller.acts, notice }),
  );
  trail.record("account_deleted", {});
}

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
  const caller = callerOf(by);
  const { db, trail } = context;
  const person = await ownerOf(context, sessionId);
  await needPassword(context, person, caller);
  trail.record("account_exported", { caller, userId: person.id });
  await trail.flush();
  const { id, email } = person;
  const events = await newestEvents(context, id);
  const { sessions } = await sessionsOf(context, id, { current: person.sessionId });
  const devices = await db.devices.list(id);
  const former = await db.undoEmailChange.list(id);
  const mails = await db.outbox.listTo(person);
  const failed = await db.failedMails.listTo(person);
  return {
    id,
    email,
    moves_to: await db.emailChange.addressOf(id),
    ...(former.length > 0 && { former_emails: former.map(({ email, leftAt }) => ({ email, left_at: iso(leftAt) })) }),
    email_verified_at: iso(person.emailVerifiedAt),
    reset_token_expires_at: iso(person.resetTokenExpiresAt),
    created_at: iso(person.createdAt),
    updated_at: iso(person.updatedAt),
    sessions: sessions.map(({ id: _, ...session }) => session),
    devices: devices.map(({ createdAt, lastSeenAt }) => ({
      created_at: iso(createdAt),
      last_seen_at: iso(lastSeenAt),
    })),
    mails: [
      ...mails.map(({ kind, createdAt, tries }) => ({ kind, created_at: iso(createdAt), tries })),
      ...failed.map(({ kind, createdAt, tries, failedAt }) => ({
        kind,
        created_at: iso(createdAt),
        tries,
        failed_at: iso(failedAt),
      })),
    ],
    events: events.map(({ at, event, ip, userAgent, detail }) => ({
      at: iso(at),
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

/** Counts as a try to log in: a session that was left open is no way to guess the password. */
async function givePassword(
  context: Context,
  place: HashPlace,
  person: Person,
  password: string,
  caller: Caller,
): Promise<void> {
  await using tries = await reserveLogin(context, place, person.email, person, caller);
  if (password === "" || !(await context.passwords.verifyPassword(password, person.hashedPassword, place))) {
    tries.spend();
    throw wrong(context, person, caller);
  }
  await tries.settle();
}

/**
 * Does what the password allows, if the hash that it was verified against is still the stored one. If a login has replaced that
 * hash meanwhile, the password is verified once more, against the new one.
 *
 * @param act returns false, without effect, if the hash or the session has changed
 * @throws {AuthError} `not_logged_in` when the session has ended; `wrong_password` when the password was changed
 */
async function asVerified<Done>(
  context: Context,
  place: HashPlace,
  person: Person,
  password: string,
  caller: Caller,
  act: (as: Person) => Promise<Done | false>,
): Promise<Done> {
  const done = await act(person);
  if (done !== false) return done;
  const now = await ownerOf(context, person.sessionId);
  if (now.hashedPassword !== person.hashedPassword) await givePassword(context, place, now, password, caller);
  const doneNow = await act(now);
  if (doneNow !== false) return doneNow;
  throw wrong(context, now, caller);
}

/** @throws {AuthError} `password_needed` when it was not given within the last ten minutes */
async function needPassword({ db, trail, clock }: Context, person: Person, caller: Caller): Promise<void> {
  const at = await db.sessions.confirmedAt(person.sessionId);
  const age = at === null ? Number.POSITIVE_INFINITY : clock() - at;
  if (age <= confirmedFor && age >= -clockTolerance) return;
  trail.record("password_needed", { caller, userId: person.id });
  throw new AuthError("password_needed", "password needed");
}

function wrong({ trail }: Context, person: Person, caller: Caller): AuthError {
  trail.record("password_refused", { caller, userId: person.id });
  return new AuthError("wrong_password", "wrong password");
}
