import type { Awaitable } from "../db/db.ts";
import { type PublicUser, toPublicUser } from "../user.ts";
import { bind, merge } from "../values/bind.ts";
import { isUserId } from "../values/storable.ts";
import * as account from "./accounts/account.ts";
import * as changeEmail from "./accounts/change-email.ts";
import * as changePassword from "./accounts/change-password.ts";
import * as confirmPassword from "./accounts/confirm-password.ts";
import * as deleteAccount from "./accounts/delete-account.ts";
import * as exportAccount from "./accounts/export-account.ts";
import * as register from "./accounts/register.ts";
import * as resetPassword from "./accounts/reset-password.ts";
import * as undoEmailChange from "./accounts/undo-email-change.ts";
import * as verifyEmail from "./accounts/verify-email.ts";
import * as acts from "./acts.ts";
import * as admin from "./admin/admin.ts";
import * as sweeping from "./admin/sweep.ts";
import * as audit from "./audit/audit.ts";
import { AuthBase } from "./auth-base.ts";
import { type Caller, sanitizeCaller } from "./caller.ts";
import * as delivery from "./outbox/delivery.ts";
import * as outbox from "./outbox/outbox.ts";
import { type LoginParams, type LoginResult, logIn, validLogin } from "./sessions/log-in.ts";
import * as sessionList from "./sessions/session-list.ts";
import * as sessionRenewals from "./sessions/session-renewals.ts";
import { createSession, getUserFromSessionId, logOut } from "./sessions/sessions.ts";

export type { ActResult, Awaitable, EventQuery, SessionPage, StoredEvent as AuditEvent } from "../db/db.ts";
export type { RenewedSession } from "./accounts/confirm-password.ts";
export type { ResetToken } from "./accounts/reset-password.ts";
export type { EmailToVerify, VerifyEmailParams, VerifyEmailResult } from "./accounts/verify-email.ts";
export { createIdempotencyKey } from "./acts.ts";
export { selectAdoptable } from "./admin/adopt.ts";
export { formatAccount, parseAccount } from "./admin/import.ts";
export type { SweepCounts, SweepOptions } from "./admin/sweep.ts";
export type { BulkOperation } from "./audit/audit.ts";
export type { EventName } from "./audit/events.ts";
export type { AuthOptions } from "./auth-base.ts";
export type { Caller } from "./caller.ts";
export type { EmailFormat } from "./email.ts";
export { HashThreads } from "./passwords/hash-threads.ts";
export type { LoginParams, LoginResult } from "./sessions/log-in.ts";
export type { SessionInfo } from "./sessions/session-list.ts";

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
export class Auth extends AuthBase {
  /** What people do with their own account. */
  readonly account = merge(
    bind(this.context, register, "register"),
    bind(this.context, account, "getUser"),
    bind(this.context, deleteAccount, "erase"),
    bind(this.context, confirmPassword, "confirmPassword"),
    bind(this.context, changePassword, "changePassword"),
    bind(this.context, changeEmail, "changeEmail"),
    bind(this.context, exportAccount, "exportData"),
  );
  /** What a request that is sent twice did the first time. */
  readonly acts = bind(this.context, acts, "findRecent");
  /** What operators do. */
  readonly admin = merge(
    bind(this.context, admin, "list", "find", "invite", "sendReset", "disable", "enable", "erase"),
    bind(this.context, admin, "sessions", "revoke"),
    bind(this.context, sweeping, "sweep"),
  );
  readonly audit = bind(this.context, audit, "list", "recordBulkOperation", "recordRejectedRequest");
  /** The mails that wait, and those that failed. */
  readonly outbox = merge(
    bind(this.context, outbox, "list", "count", "retry", "listFailed", "countFailed", "retryFailed"),
    bind(new delivery.Delivery(this.context), delivery, "deliver"),
  );
  readonly resetPassword = bind(this.context, resetPassword, "request", "createToken", "findEmail");
  /** Where people are logged in. */
  readonly sessions = merge(
    bind(this.context, sessionList, "list", "page", "end", "endOthers"),
    bind(this.context, sessionRenewals, "getCurrentId"),
  );
  readonly undoEmailChange = bind(this.context, undoEmailChange, "findEmail", "isTokenOfUser", "undo");
  readonly verifyEmail = bind(this.context, verifyEmail, "request", "find", "isTokenOfUser", "confirm");

  /**
   * Makes an account at once, whatever the settings say of confirming. Of several at once for one address exactly one
   * succeeds.
   *
   * @throws {AuthError} `email_taken` ("User <email> already exists"), `email_invalid`, `password_missing`,
   * `password_too_short`, `password_personal`, `password_common`, `password_breached`, `too_many_tries`, or `busy` when
   * too many passwords wait to be hashed
   */
  async registerUser(email: string, password: string, caller: Caller = {}): Promise<PublicUser> {
    return toPublicUser(await register.registerUser(this.context, email, password, sanitizeCaller(caller)));
  }

  /**
   * Whether email and password are those of an account; false in every other case, after the same time.
   *
   * @throws {AuthError} `busy`, `too_many_tries`
   */
  validLogin(email: string, password: string, caller: Caller = {}): Promise<boolean> {
    return validLogin(this.context, { email, password }, sanitizeCaller(caller));
  }

  /**
   * Checks email and password and opens a session, as one act: a password that is changed meanwhile opens nothing.
   *
   * @throws {AuthError} `wrong_login`, whatever was wrong; `email_not_verified` when nothing else was; `too_many_tries`;
   * `busy`
   */
  logIn(login: LoginParams, caller: Caller = {}): Promise<LoginResult> {
    return logIn(this.context, login, sanitizeCaller(caller));
  }

  /** Opens a session without asking for the password; its id, or null for an unknown email. */
  createSession(email: string, caller: Caller = {}): Promise<string | null> {
    return createSession(this.context, email, sanitizeCaller(caller));
  }

  /** The user of a live session, or null. Answered at once where the database can; `await` takes both. */
  getUserFromSessionId(sessionId: string | null): Awaitable<PublicUser | null> {
    return getUserFromSessionId(this.context, sessionId);
  }

  /** Ends one session, on one device; false when there was none. */
  logOut(sessionId: string | null, caller: Caller = {}): Promise<boolean> {
    return logOut(this.context, sessionId, sanitizeCaller(caller));
  }

  /** Ends every session of a user. */
  async destroySession(userId: number): Promise<void> {
    if (isUserId(userId)) await this.context.db.sessions.endAll(userId);
  }

  /**
   * Makes a reset token, which replaces the one before.
   *
   * @throws {AuthError} `unknown_email`
   */
  async getResetPasswordToken(email: string, caller: Caller = {}): Promise<string> {
    return (await this.resetPassword.createToken(email, caller)).resetToken;
  }

  /**
   * Changes the password of the token's account, takes the token, and ends every session of the user. A refusal leaves
   * the token alive.
   *
   * @param email when given, the token must be this account's
   * @throws {AuthError} `bad_reset_token`, a refusal of the password as `registerUser` has them, `too_many_tries`, `busy`
   */
  async updatePassword(resetToken: string, password: string, email?: string, caller: Caller = {}): Promise<PublicUser> {
    return toPublicUser(
      await resetPassword.updatePassword(this.context, resetToken, password, email, sanitizeCaller(caller)),
    );
  }
}
