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
import * as admin from "./admin/admin.ts";
import * as sweeping from "./admin/sweep.ts";
import * as audit from "./audit/audit.ts";
import { AuthBase } from "./auth-base.ts";
import { type Caller, sanitizeCaller } from "./caller.ts";
import * as idempotency from "./idempotency.ts";
import * as delivery from "./outbox/delivery.ts";
import * as outbox from "./outbox/outbox.ts";
import { type LoginParams, type LoginResult, logIn, validLogin } from "./sessions/log-in.ts";
import * as sessionList from "./sessions/session-list.ts";
import * as sessionRenewals from "./sessions/session-renewals.ts";
import { createSession, getUserFromSessionId, logOut } from "./sessions/sessions.ts";

export type { Awaitable, EventQuery, IdempotentResult, SessionPage, StoredEvent as AuditEvent } from "../db/db.ts";
export type { RenewedSession } from "./accounts/confirm-password.ts";
export type { ResetToken } from "./accounts/reset-password.ts";
export type { EmailToVerify, VerifyEmailParams, VerifyEmailResult } from "./accounts/verify-email.ts";
export { selectAdoptableUsers } from "./admin/adopt.ts";
export { formatAccount, parseAccount } from "./admin/import.ts";
export type { SweepCounts, SweepOptions } from "./admin/sweep.ts";
export type { BulkOperation } from "./audit/audit.ts";
export type { EventName } from "./audit/events.ts";
export type { AuthOptions } from "./auth-base.ts";
export type { Caller } from "./caller.ts";
export type { EmailFormat } from "./email.ts";
export { createIdempotencyKey } from "./idempotency.ts";
export { HashThreads } from "./passwords/hash-threads.ts";
export type { LoginParams, LoginResult } from "./sessions/log-in.ts";
export type { SessionInfo } from "./sessions/session-list.ts";

/**
 * Accounts, sessions and passwords. The HTTP layer calls nothing below this class.
 *
 * Email addresses can be passed in any letter case, with spaces around them. They are returned as they were registered.
 *
 * Many methods take a `Caller`, which describes the party behind the request. Its IP address is logged, and determines
 * its share of the hash queue. Its strings are cut to 250 characters, U+FFFD replaces characters that a database
 * rejects, and values of other types are ignored.
 *
 * Accounts are returned as `PublicUser`, without password hash, session id or reset token, so that they can be logged or
 * sent as JSON. A method that creates a session or a token returns it next to the account.
 *
 * Every method throws `DatabaseUnavailable` if the database does not respond.
 *
 * @example
 * const auth = new Auth(await openDB("sqlite:accounts.db"));
 * await auth.registerUser("bob@example.com", "correct horse");
 * const sessionId = await auth.createSession("bob@example.com");
 */
export class Auth extends AuthBase {
  /** Registration, and actions of users on their own account. */
  readonly account = merge(
    bind(this.context, register, "register"),
    bind(this.context, account, "getUser"),
    bind(this.context, deleteAccount, "deleteAccount"),
    bind(this.context, confirmPassword, "confirmPassword"),
    bind(this.context, changePassword, "changePassword"),
    bind(this.context, changeEmail, "changeEmail"),
    bind(this.context, exportAccount, "exportData"),
  );
  /** Results of recent requests, for the response to a repeated request. */
  readonly idempotency = bind(this.context, idempotency, "findResult");
  /** Operator actions. */
  readonly admin = merge(
    bind(
      this.context,
      admin,
      "listAccounts",
      "findAccount",
      "invite",
      "sendResetMail",
      "disableAccount",
      "enableAccount",
    ),
    bind(this.context, admin, "deleteAccount", "listSessions", "endSessions"),
    bind(this.context, sweeping, "sweep"),
  );
  readonly audit = bind(this.context, audit, "list", "recordBulkOperation", "recordRejectedRequest");
  /** Queued and failed emails. */
  readonly outbox = merge(
    bind(this.context, outbox, "list", "count", "retry", "listFailed", "countFailed", "retryFailed"),
    bind(new delivery.Delivery(this.context), delivery, "deliver"),
  );
  readonly resetPassword = bind(this.context, resetPassword, "request", "createToken", "findEmail");
  /** The sessions of a user. */
  readonly sessions = merge(
    bind(this.context, sessionList, "list", "listPage", "end", "endOthers"),
    bind(this.context, sessionRenewals, "getCurrentId"),
  );
  readonly undoEmailChange = bind(this.context, undoEmailChange, "findEmail", "isTokenOfUser", "undo");
  readonly verifyEmail = bind(this.context, verifyEmail, "request", "find", "isTokenOfUser", "confirm");

  /**
   * Creates an account without email verification, whatever the settings. If several calls register the same address at
   * the same time, exactly one succeeds.
   *
   * @throws {AuthError} `email_taken` ("User <email> already exists"), `email_invalid`, `password_missing`,
   * `password_too_short`, `password_personal`, `password_common`, `password_breached`, `too_many_tries`, or `busy` if
   * the hash queue is full
   */
  async registerUser(email: string, password: string, caller: Caller = {}): Promise<PublicUser> {
    return toPublicUser(await register.registerUser(this.context, email, password, sanitizeCaller(caller)));
  }

  /**
   * Returns true if the password matches, and false in every other case. Both cases take the same time.
   *
   * @throws {AuthError} `busy`, `too_many_tries`
   */
  validLogin(email: string, password: string, caller: Caller = {}): Promise<boolean> {
    return validLogin(this.context, { email, password }, sanitizeCaller(caller));
  }

  /**
   * Checks the email and password, and opens a session.
   *
   * @throws {AuthError} `wrong_login`; `email_not_verified` if the password is right; `too_many_tries`; `busy`
   */
  logIn(login: LoginParams, caller: Caller = {}): Promise<LoginResult> {
    return logIn(this.context, login, sanitizeCaller(caller));
  }

  /** Opens a session without a password check. Returns its id, or null for an unknown email. */
  createSession(email: string, caller: Caller = {}): Promise<string | null> {
    return createSession(this.context, email, sanitizeCaller(caller));
  }

  /** Returns the user of a live session, or null. Returns a promise only if the database is asynchronous. */
  getUserFromSessionId(sessionId: string | null): Awaitable<PublicUser | null> {
    return getUserFromSessionId(this.context, sessionId);
  }

  /** Ends one session. Returns false if there is none. */
  logOut(sessionId: string | null, caller: Caller = {}): Promise<boolean> {
    return logOut(this.context, sessionId, sanitizeCaller(caller));
  }

  /** Ends every session of a user. */
  async destroySession(userId: number): Promise<void> {
    if (isUserId(userId)) await this.context.db.sessions.endAll(userId);
  }

  /**
   * Creates a reset token, which replaces the previous one.
   *
   * @throws {AuthError} `unknown_email`
   */
  async getResetPasswordToken(email: string, caller: Caller = {}): Promise<string> {
    return (await this.resetPassword.createToken(email, caller)).resetToken;
  }

  /**
   * Sets the password of the token's account, uses up the token, and ends every session of the user. If this throws, the
   * token stays valid.
   *
   * @param email if given, the token must belong to this address
   * @throws {AuthError} `bad_reset_token`, the password errors of `registerUser`, `too_many_tries`, `busy`
   */
  async updatePassword(resetToken: string, password: string, email?: string, caller: Caller = {}): Promise<PublicUser> {
    return toPublicUser(
      await resetPassword.updatePassword(this.context, resetToken, password, email, sanitizeCaller(caller)),
    );
  }
}
