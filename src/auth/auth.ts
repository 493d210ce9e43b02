import {
  type Account,
  type Adopted,
  type Awaitable,
  type ContractUser,
  type DB,
  type Done,
  type EventsWanted,
  type FailedMail,
  mostSessions,
  type SessionPage,
  type StoredEvent,
  type WaitingMail,
} from "../db/db.ts";
import { languageNamed } from "../languages/languages.ts";
import type { Language, Mailer } from "../mail/mailer.ts";
import { type Log, silent } from "../observe/log.ts";
import { type Metrics, uncounted } from "../observe/metrics.ts";
import { type Tracing, untraced } from "../observe/tracing.ts";
import { readSettings, type Settings } from "../settings/settings.ts";
import { type PublicUser, publicUser, type Session } from "../user.ts";
import { isId, storable } from "../values/storable.ts";
import type { Renewed, ShownSession } from "./accounts/account.ts";
import * as ownAccount from "./accounts/account.ts";
import * as accounts from "./accounts/register.ts";
import type { ResetToken } from "./accounts/reset-password.ts";
import * as resetPassword from "./accounts/reset-password.ts";
import * as undoing from "./accounts/undo-email-change.ts";
import type { AddressToVerify, Proof } from "./accounts/verify-email.ts";
import * as verification from "./accounts/verify-email.ts";
import * as operator from "./admin/admin.ts";
import * as adopting from "./admin/adopt.ts";
import * as importing from "./admin/import.ts";
import { type SweepOptions, type Swept, sweep } from "./admin/sweep.ts";
import { type EventName, Trail } from "./audit/audit.ts";
import type { Caller } from "./caller.ts";
import { callerOf } from "./caller.ts";
import type { Context } from "./context.ts";
import type { EmailFormat } from "./email.ts";
import { Delivery } from "./outbox/delivery.ts";
import { Admission } from "./passwords/admission.ts";
import { Passwords } from "./passwords/passwords.ts";
import { LastSeen } from "./sessions/last-seen.ts";
import { type LoggedIn, type Login, logIn, validLogin } from "./sessions/log-in.ts";
import * as sessions from "./sessions/sessions.ts";
import { userByEmail, userById } from "./users.ts";

export { actName } from "./act-name.ts";
export type {
  AddressToVerify,
  Awaitable,
  Caller,
  Done,
  EmailFormat,
  EventName,
  EventsWanted,
  FailedMail,
  LoggedIn,
  Login,
  Proof,
  Renewed,
  ResetToken,
  SessionPage,
  ShownSession,
  StoredEvent as AuditEvent,
  SweepOptions,
  Swept,
  WaitingMail,
};

/** A confirmed address: its account, and the session that continues under a new id, if any. */
export interface ConfirmedEmail {
  readonly user: PublicUser;
  readonly session: Pick<Session, "sessionId"> | null;
}

/**
 * Reads an account of another system from a line of JSON: `email`, `hashed_password`, and, where they are known, `verified`,
 * `disabled` (false unless said) and `created_at` (ISO 8601).
 *
 * @param now milliseconds since 1970, for the times that the line does not tell
 * @param format `EMAIL_FORMAT`: which addresses are accepted
 * @returns why not, where it cannot be taken over: in words that hold nothing of the line
 */
export function readAccount(line: string, now: number, format: EmailFormat = "address"): Account | string {
  return importing.readAccount(line, now, format);
}

/** Writes an account as a line that `readAccount` reads. */
export function writeAccount(account: Account): string {
  return importing.writeAccount(account);
}

/** Chooses what `db.import.adopt` can take over of the contract's table `users`. */
export function adoptable(rows: Iterable<ContractUser>, options: adopting.AdoptOptions): Generator<Adopted> {
  return adopting.adoptable(rows, options);
}

export interface AuthOptions {
  /** The policies; `readSettings` has the defaults. */
  readonly settings?: Settings;
  /** Where every event is told, for example a pino logger; nowhere by default. */
  readonly log?: Log;
  /** What sends mails; without one they wait in the outbox, and are given up after a day. */
  readonly mailer?: Mailer;
  /** Where hashes and faults of the database are counted; nowhere by default. */
  readonly metrics?: Metrics;
  /** Where what takes long is traced; nowhere by default. */
  readonly tracing?: Tracing;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/**
 * Accounts, sessions and passwords: everything that the HTTP side asks for.
 *
 * Emails can be passed in any spelling (spaces around, letter case), and are returned as they were registered. Methods take a
 * `Caller` where it matters who asks: its address makes the queue of hashes fair, and is logged. Its texts are made storable:
 * at most 250 characters are kept, U+FFFD replaces what a database refuses, and values that are not text are left out.
 *
 * Accounts are returned as `PublicUser`, without password hash, session id or reset token, so they can be logged or sent as
 * JSON. A method that creates a session or a token returns it beside the account.
 *
 * Every method throws `DatabaseUnavailable` when the database cannot answer now.
 *
 * @example
 * const auth = new Auth(await openDB("sqlite:accounts.db"));
 * await auth.registerUser("bob@example.com", "correct horse");
 * const sessionId = await auth.createSession("bob@example.com");
 */
export class Auth {
  readonly #context: Context;
  readonly #admission: Admission;
  readonly #delivery: Delivery;

  constructor(db: DB, options: AuthOptions = {}) {
    const { settings = readSettings(), log = silent, clock = Date.now, mailer } = options;
    const { metrics = uncounted, tracing = untraced } = options;
    const passwords = new Passwords(settings, { metrics, tracing });
    const trail = new Trail(db, log, clock);
    const lastSeen = new LastSeen({ db, settings, clock, log, metrics });
    this.#context = { db, settings, log, trail, lastSeen, mailer, clock, metrics, tracing, passwords };
    this.#admission = new Admission(this.#context);
    this.#delivery = new Delivery(this.#context);
  }

  /** Whether there is time for one more password to be hashed: a server asks before it reads a request. */
  get admission(): Admission {
    return this.#admission;
  }

  /** The settings in force, here and in every app of this `Auth`. */
  get settings(): Settings {
    return this.#context.settings;
  }

  get log(): Log {
    return this.#context.log;
  }

  get metrics(): Metrics {
    return this.#context.metrics;
  }

  get tracing(): Tracing {
    return this.#context.tracing;
  }

  /**
   * Registers as the settings say: makes an account at once, or, with `REQUIRE_VERIFIED_EMAIL`, when the address is
   * confirmed by the mail that goes out. With `CONCEAL_ACCOUNTS` nothing tells whether there was an account already.
   *
   * @returns the trimmed address in the given spelling
   * @throws {AuthError} as `registerUser` does
   */
  register(email: string, password: string, caller: Caller = {}): Promise<string> {
    return accounts.register(this.#context, email, password, callerOf(caller));
  }

  /**
   * Makes an account at once, whatever the settings say of confirming. Of several at once for one address exactly one
   * succeeds.
   *
   * @throws {AuthError} `email_taken` ("User <email> already exists"), `email_invalid`, `password_missing`,
   * `password_too_short`, `password_personal`, `password_common`, `password_breached`, `too_many_tries`, or `busy` when
   * too many passwords wait to be hashed
   */
  async registerUser(email: string, password: string, caller: Caller = {}): Promise<PublicUser> {
    return publicUser(await accounts.registerUser(this.#context, email, password, callerOf(caller)));
  }

  /**
   * Has the mail that confirms an address sent again. What comes of it is the same with and without an account.
   *
   * @returns the trimmed address in the given spelling
   * @throws {AuthError} `email_invalid`, `too_many_tries`
   */
  requestVerification(email: string, caller: Caller = {}): Promise<string> {
    return verification.requestVerification(this.#context, email, callerOf(caller));
  }

  /**
   * The address that a mailed token confirms, and whether an account moves there or somebody registered with it; null when
   * the token is not, or no longer, good.
   */
  addressToVerify(token: string): Promise<AddressToVerify | null> {
    return verification.addressToVerify(this.#context, token);
  }

  /** Whether a mailed token moves this account; false when the token is not, or no longer, good. */
  movesAccount(token: string, userId: number): Promise<boolean> {
    return verification.movesAccount(this.#context, token, userId);
  }

  /**
   * Confirms an address by the mailed token and the password of that registration, or of the account that moves there. A
   * refusal leaves the token alive. A move ends the sessions from before it, and mails the old address how to undo it.
   *
   * @throws {AuthError} `bad_verify_token`, `too_many_tries`, `busy`
   */
  async verifyEmail(proof: Proof, caller: Caller = {}): Promise<PublicUser> {
    return (await this.confirmEmail(proof, caller)).user;
  }

  /**
   * Does what `verifyEmail` does. If an account moves and `proof.sessionId` is one of its sessions, that session goes on under a
   * new id, which is returned.
   *
   * @throws {AuthError} `bad_verify_token`, `too_many_tries`, `busy`
   */
  async confirmEmail(proof: Proof, caller: Caller = {}): Promise<ConfirmedEmail> {
    const { user, session } = await verification.verifyEmail(this.#context, proof, callerOf(caller));
    return { user: publicUser(user), session };
  }

  /** The address that a mailed token brings its account back to; null when the token is invalid. */
  addressToRestore(token: string): Promise<string | null> {
    return undoing.addressToRestore(this.#context, token);
  }

  /** Whether a mailed token brings this account back to an address; false when the token is invalid. */
  restoresAccount(token: string, userId: number): Promise<boolean> {
    return undoing.restoresAccount(this.#context, token, userId);
  }

  /**
   * Brings an account back to the address that it has left, by the token that was mailed there within the seven days before.
   * Ends every session and every other token, and replaces the password by none: a reset link is mailed to the address.
   *
   * @param email when given, the token must be this address's
   * @throws {AuthError} `bad_undo_token`, `too_many_tries`; `email_taken` when the address has another account by now, which
   * leaves the token valid
   */
  async undoEmailChange(token: string, email?: string, caller: Caller = {}): Promise<PublicUser> {
    return publicUser(await undoing.undoEmailChange(this.#context, token, email, callerOf(caller)));
  }

  /**
   * Whether email and password are those of an account; false in every other case, after the same time.
   *
   * @throws {AuthError} `busy`, `too_many_tries`
   */
  validLogin(email: string, password: string, caller: Caller = {}): Promise<boolean> {
    return validLogin(this.#context, { email, password }, callerOf(caller));
  }

  /**
   * Checks email and password and opens a session, as one act: a password that is changed meanwhile opens nothing.
   *
   * @throws {AuthError} `wrong_login`, whatever was wrong; `email_not_verified` when nothing else was; `too_many_tries`;
   * `busy`
   */
  logIn(login: Login, caller: Caller = {}): Promise<LoggedIn> {
    return logIn(this.#context, login, callerOf(caller));
  }

  /** Opens a session without asking for the password; its id, or null for an unknown email. */
  createSession(email: string, caller: Caller = {}): Promise<string | null> {
    return sessions.createSession(this.#context, email, callerOf(caller));
  }

  /** The user of a live session, or null. Answered at once where the database can; `await` takes both. */
  getUserFromSessionId(sessionId: string | null): Awaitable<PublicUser | null> {
    return sessions.getUserFromSessionId(this.#context, sessionId);
  }

  /** Ends one session, on one device; false when there was none. */
  logOut(sessionId: string | null, caller: Caller = {}): Promise<boolean> {
    return sessions.logOut(this.#context, sessionId, callerOf(caller));
  }

  /** Ends every session of a user. */
  async destroySession(userId: number): Promise<void> {
    if (isId(userId)) await this.#context.db.sessions.endAll(userId);
  }

  /**
   * Who a session belongs to, read anew.
   *
   * @throws {AuthError} `not_logged_in`
   */
  async personOf(sessionId: string | null): Promise<PublicUser> {
    return publicUser(await ownAccount.personOf(this.#context, sessionId));
  }

  /**
   * Where a person is logged in, the newest first: all of their sessions, of which there are at most 1,000.
   *
   * @throws {AuthError} `not_logged_in`
   */
  async listSessions(sessionId: string | null): Promise<readonly ShownSession[]> {
    return (await this.pageOfSessions(sessionId)).sessions;
  }

  /**
   * Some of a person's sessions, the newest first. The one that asks is on the first page, last if others are newer.
   *
   * @param page `limit`, at most 1,000 sessions; and `after`, the `next` of the page before
   * @throws {AuthError} `not_logged_in`, `page_invalid`
   * @example
   * const { sessions, next } = await auth.pageOfSessions(sessionId, { limit: 100 });
   */
  async pageOfSessions(
    sessionId: string | null,
    page: { readonly limit?: number | undefined; readonly after?: string | undefined } = {},
  ): Promise<SessionPage<ShownSession>> {
    const { id } = await this.personOf(sessionId);
    const { limit = mostSessions, after } = page;
    return ownAccount.sessionsOf(this.#context, id, { current: sessionId as string, limit, after });
  }

  /**
   * Ends one of a person's sessions, by its handle.
   *
   * @throws {AuthError} `not_logged_in`, `unknown_session`
   */
  async endSession(sessionId: string | null, handle: string, caller: Caller = {}): Promise<void> {
    const { id } = await this.personOf(sessionId);
    await ownAccount.endSessionOf(this.#context, id, handle, callerOf(caller));
  }

  /**
   * Ends every session of a person but this one; returns how many there were.
   *
   * @throws {AuthError} `not_logged_in`
   */
  endOtherSessions(sessionId: string | null, caller: Caller = {}): Promise<number> {
    return ownAccount.endOtherSessions(this.#context, sessionId, callerOf(caller));
  }

  /**
   * Checks the password of a person who is logged in: for ten minutes the session may do what needs it. It goes on under
   * a new id (OWASP ASVS 5.0, 7.2.4).
   *
   * @throws {AuthError} `not_logged_in`, `wrong_password`, `too_many_tries`, `busy`
   */
  confirmPassword(sessionId: string | null, password: string, caller: Caller = {}): Promise<Renewed> {
    return ownAccount.confirmPassword(this.#context, sessionId, password, callerOf(caller));
  }

  /**
   * Changes the password of a person who is logged in, ends their other sessions, and tells them by mail. The session goes
   * on under a new id.
   *
   * @throws {AuthError} `not_logged_in`, `wrong_password` for the current one, a refusal of the chosen one,
   * `too_many_tries`, `busy`
   */
  changePassword(
    sessionId: string | null,
    passwords: { readonly current: string; readonly chosen: string },
    caller: Caller = {},
  ): Promise<Renewed> {
    return ownAccount.changePassword(this.#context, sessionId, passwords, callerOf(caller));
  }

  /**
   * The current id of a live session, given that id or, for ten seconds after a renewal, its previous one; null if there is
   * none.
   */
  currentSession(sessionId: string | null): Promise<string | null> {
    return ownAccount.currentSession(this.#context, sessionId);
  }

  /** What the caller did under the first of its `acts` within the last minute, if its result still exists; else null. */
  justDone({ acts: [act] = [] }: Pick<Caller, "acts">): Promise<Done | null> {
    return act === undefined ? Promise.resolve(null) : this.#context.db.acts.find(act);
  }

  /**
   * Moves a person's account to another address once that is confirmed. Both addresses get a mail.
   *
   * @returns the trimmed address in the given spelling
   * @throws {AuthError} `not_logged_in`, `password_needed`, `email_invalid`, `email_unchanged` for the present address in any
   * spelling, `too_many_tries`; `email_taken` if accounts are not concealed
   */
  changeEmail(sessionId: string | null, email: string, caller: Caller = {}): Promise<string> {
    return ownAccount.changeEmail(this.#context, sessionId, email, callerOf(caller));
  }

  /**
   * Erases a person's account, and all that tells of it. The owner gets a mail, until which the outbox holds the address.
   *
   * @throws {AuthError} `not_logged_in`, `wrong_password`, `too_many_tries`, `busy`
   */
  deleteAccount(sessionId: string | null, password: string, caller: Caller = {}): Promise<void> {
    return ownAccount.deleteAccount(this.#context, sessionId, password, callerOf(caller));
  }

  /**
   * All that is held about a person, to be written as JSON.
   *
   * @throws {AuthError} `not_logged_in`, `password_needed`
   */
  exportAccount(sessionId: string | null, caller: Caller = {}): Promise<object> {
    return ownAccount.exportAccount(this.#context, sessionId, callerOf(caller));
  }

  /**
   * Sends a reset token by mail. It replaces the previous one once the mail server has accepted that mail. The result is the
   * same with and without an account.
   *
   * @returns the trimmed address in the given spelling
   * @throws {AuthError} `unknown_email` for what is no address, `too_many_tries`
   */
  requestPasswordReset(email: string, caller: Caller = {}): Promise<string> {
    return resetPassword.requestPasswordReset(this.#context, email, callerOf(caller));
  }

  /**
   * Makes a reset token, which replaces the one before.
   *
   * @throws {AuthError} `unknown_email`
   */
  async getResetPasswordToken(email: string, caller: Caller = {}): Promise<string> {
    return (await this.makeResetToken(email, caller)).resetToken;
  }

  /**
   * Creates a reset token, which replaces the previous one, and returns it with the address as it was registered.
   *
   * @throws {AuthError} `unknown_email`
   */
  makeResetToken(email: string, caller: Caller = {}): Promise<ResetToken> {
    return resetPassword.makeResetToken(this.#context, email, callerOf(caller));
  }

  /** The address whose password a token resets, or null when it is not, or no longer, good. */
  addressToReset(resetToken: string): Promise<string | null> {
    return resetPassword.addressToReset(this.#context, resetToken);
  }

  /**
   * Changes the password of the token's account, takes the token, and ends every session of the user. A refusal leaves
   * the token alive.
   *
   * @param email when given, the token must be this account's
   * @throws {AuthError} `bad_reset_token`, a refusal of the password as `registerUser` has them, `too_many_tries`, `busy`
   */
  async updatePassword(resetToken: string, password: string, email?: string, caller: Caller = {}): Promise<PublicUser> {
    return publicUser(await resetPassword.updatePassword(this.#context, resetToken, password, email, callerOf(caller)));
  }

  /** An operator's: accounts in the order of their ids, after the one with the id `after`; `search` is a part of the address. */
  async listUsers(wanted: {
    readonly after?: number;
    readonly limit: number;
    readonly search?: string;
  }): Promise<PublicUser[]> {
    const { search } = wanted;
    if (search !== undefined && storable(search) !== search) return [];
    return (await this.#context.db.users.list(wanted)).map(publicUser);
  }

  /** An operator's: the account of an address or id, or null. */
  async findUser(who: string | number): Promise<PublicUser | null> {
    const find = typeof who === "number" ? userById(this.#context, who) : userByEmail(this.#context, who);
    const user = await find;
    return user && publicUser(user);
  }

  /**
   * An operator's: makes an account whose owner chooses the password, by the link of an invitation.
   *
   * @throws {AuthError} `email_invalid`, `email_taken`
   */
  async inviteUser(email: string, language: Language = "en"): Promise<PublicUser> {
    return publicUser(await operator.invite(this.#context, email, languageNamed(language)));
  }

  /**
   * An operator's: sends a reset mail; false when there is no such account, or it is disabled.
   *
   * @throws {AuthError} `email_invalid` when no mail can be sent to its address
   */
  sendReset(userId: number, language: Language = "en"): Promise<boolean> {
    return operator.sendReset(this.#context, userId, languageNamed(language));
  }

  /** An operator's: disables an account, whose sessions end at once on every node; false when it was, or is not there. */
  disableUser(userId: number): Promise<boolean> {
    return operator.setDisabled(this.#context, userId, true);
  }

  /** An operator's: enables an account; false when it was, or is not there. */
  enableUser(userId: number): Promise<boolean> {
    return operator.setDisabled(this.#context, userId, false);
  }

  /** An operator's: erases an account, and all that tells of it, and mails the owner; false when there is none. */
  deleteUser(userId: number, language: Language = "en"): Promise<boolean> {
    return operator.deleteUser(this.#context, userId, languageNamed(language));
  }

  /** An operator's: where an account is logged in, the newest first, at most 1,000 sessions. */
  async listSessionsOf(userId: number): Promise<readonly ShownSession[]> {
    return (await ownAccount.sessionsOf(this.#context, userId)).sessions;
  }

  /** An operator's: ends one session by its handle, or all of an account's; returns how many there were. */
  revokeSessions(userId: number, handle?: string): Promise<number> {
    return operator.revoke(this.#context, userId, handle);
  }

  /** An operator's: the audit trail, oldest first. */
  async listEvents(wanted: EventsWanted): Promise<StoredEvent[]> {
    await this.#context.trail.flush();
    return this.#context.db.audit.list(wanted);
  }

  /** An operator's: the mails that wait, the oldest first. */
  listMails(limit: number): Promise<WaitingMail[]> {
    return this.#context.db.outbox.list(limit);
  }

  /** How many mails wait. */
  countMails(): Promise<number> {
    return this.#context.db.outbox.count();
  }

  /** An operator's: the mails that will not be tried again, the newest first. */
  listFailedMails(limit: number): Promise<FailedMail[]> {
    return this.#context.db.failedMails.list(limit);
  }

  /** How many mails will not be tried again. */
  countFailedMails(): Promise<number> {
    return this.#context.db.failedMails.count();
  }

  /** An operator's: has every failed mail tried once more; returns how many. */
  retryFailedMails(): Promise<number> {
    return operator.retryFailedMails(this.#context);
  }

  /** An operator's: has every mail that waits tried now; returns how many. */
  retryMails(): Promise<number> {
    return operator.retryMails(this.#context);
  }

  /** Takes note in the audit trail of what an operator did to so many accounts at once. */
  note(operation: operator.Operation, many: number): void {
    operator.note(this.#context, operation, many);
  }

  /** Takes note in the audit trail of a request that was refused before anything here was asked, and why. */
  noteRefusal(why: string, caller: Caller): void {
    this.#context.trail.record("request_refused", { caller: callerOf(caller), detail: why });
  }

  /**
   * Sends the mails that are due; returns how many were handed over, once all that it began to send have ended. To be called
   * every second or so, on any number of nodes, also while an earlier call waits for a slow mail: each mail is taken by one call.
   *
   * @param stopping once aborted, no further mail is begun
   */
  deliver(stopping?: AbortSignal): Promise<number> {
    return this.#delivery.deliver(stopping);
  }

  /**
   * Deletes what has ended or grown old: it opens nothing anyway, and this makes room. To be called every few minutes, on any
   * number of nodes: one of them sweeps at a time.
   */
  sweep(options?: SweepOptions): Promise<Swept> {
    return sweep(this.#context, options);
  }

  /** Writes now which sessions were seen and what happened, which is otherwise done every few seconds. */
  async flush(): Promise<void> {
    await Promise.all([this.#context.lastSeen.flush(), this.#context.trail.flush()]);
  }

  /** Resolves when the database answers. */
  ping(): Promise<void> {
    return this.#context.db.ping();
  }

  /** Writes what is still to be written and stops the threads. The database stays open. */
  async close(): Promise<void> {
    this.#admission.flush();
    await this.flush();
    await this.#context.passwords.close();
  }
}
