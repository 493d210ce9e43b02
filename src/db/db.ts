import type { User } from "../user.ts";
import { bind, merge, prepare } from "../values/bind.ts";
import * as adopting from "./adopt.ts";
import { type CopyProgress, copy } from "./copy.ts";
import * as importing from "./import.ts";
import { type DBOptions, open } from "./open.ts";
import { OpenDatabase } from "./open-database.ts";
import * as sweeping from "./sweep.ts";
import * as audit from "./tables/audit.ts";
import * as changeEmail from "./tables/change-email.ts";
import * as changePassword from "./tables/change-password.ts";
import * as deleteAccount from "./tables/delete-account.ts";
import * as devices from "./tables/devices.ts";
import * as failedMails from "./tables/failed-mails.ts";
import * as formerEmails from "./tables/former-emails.ts";
import * as idempotency from "./tables/idempotency.ts";
import * as leases from "./tables/leases.ts";
import * as limits from "./tables/limits.ts";
import * as mailedTokens from "./tables/mailed-tokens.ts";
import * as outbox from "./tables/outbox.ts";
import * as delivery from "./tables/outbox-delivery.ts";
import * as registrations from "./tables/register.ts";
import * as resetPassword from "./tables/reset-password.ts";
import * as sessionList from "./tables/session-list.ts";
import * as sessionLookup from "./tables/session-lookup.ts";
import * as sessionRenewals from "./tables/session-renewals.ts";
import * as sessionTimes from "./tables/session-times.ts";
import * as sessions from "./tables/sessions.ts";
import * as undoEmailChange from "./tables/undo-email-change.ts";
import * as users from "./tables/users.ts";
import * as verifyEmail from "./tables/verify-email.ts";

export { type AdoptedUser, ContractFile, type ContractUser } from "./adopt.ts";
export { backUp } from "./backup.ts";
export type { Awaitable } from "./engine.ts";
export type { AccountRecord } from "./import.ts";
export { type DBOptions, readMigrationStates } from "./open.ts";
export { restore } from "./restore.ts";
export type { LifetimeSettings } from "./store.ts";
export type { SweepKind } from "./sweep.ts";
export type { EventQuery, NewEvent, StoredEvent } from "./tables/audit.ts";
export type { LoginNotice, Redeemer } from "./tables/devices.ts";
export type { FailedMail } from "./tables/failed-mails.ts";
export type { IdempotentResult } from "./tables/idempotency.ts";
export type { CountedAttempt, Limit, ReservationResult } from "./tables/limits.ts";
export type { OutboxMail } from "./tables/outbox.ts";
export type { ClaimedMail } from "./tables/outbox-delivery.ts";
export type { PasswordReset } from "./tables/reset-password.ts";
export { maxSessions } from "./tables/session-limit.ts";
export type { ListedSession, SessionPage, SessionQuery } from "./tables/session-list.ts";
export type { LiveSession, SessionUser } from "./tables/session-lookup.ts";
export type { Renewal } from "./tables/session-renewals.ts";
export type { LoginIdempotency, NewSession } from "./tables/sessions.ts";
export type { UserChanges } from "./tables/users.ts";
export type { Verification } from "./tables/verify-email.ts";

/**
 * Opens a database. Unless `AUTO_MIGRATE` is off, applies pending migrations, and creates a missing SQLite file.
 *
 * @param url `sqlite:PATH`, `sqlite::memory:` or `postgres://…`
 * @throws {OpenError} if the database cannot be used
 * @example
 * const db = await openDB("sqlite:accounts.db");
 *
 */
export async function openDB(url: string, options: DBOptions = {}): Promise<DB> {
  return new DB(await open(url, options));
}

/**
 * The database. Its methods take tokens and session ids in plain text and store only their SHA-256. An expired token or session
 * counts as missing. Every method throws `DatabaseUnavailable` while the database does not respond.
 */
export class DB extends OpenDatabase {
  readonly audit = bind(this.store, audit, "add", "addOrUpdate", "list");
  readonly changeEmail = bind(this.store, changeEmail, "request", "findNewEmail", "confirm");
  readonly devices = merge(
    bind(this.store, devices, "isKnown", "isKnownNetwork", "list"),
    prepare(this.store, devices, "isAnyKnown"),
  );
  readonly failedMails = bind(this.store, failedMails, "add", "list", "listForUser", "count", "requeue");
  readonly idempotency = bind(this.store, idempotency, "findResult");
  readonly import = merge(bind(this.store, importing, "findTakenEmails", "add"), bind(this.store, adopting, "adopt"));
  readonly leases = bind(this.store, leases, "acquire", "release");
  readonly limits = bind(this.store, limits, "reserve", "hasAttempts", "refund");
  readonly mailedTokens = bind(this.store, mailedTokens, "markAccepted", "revoke");
  readonly outbox = merge(
    bind(this.store, outbox, "add", "list", "listForUser", "count", "makeAllDue", "remove"),
    bind(this.store, outbox, "isRegistrationQueued", "isNewerRegistrationQueued"),
    bind(this.store, delivery, "claim", "removeWithDuplicates", "removeSent", "postpone"),
    bind(this.store, delivery, "countPostponed", "findNewestOfBusiestNetwork"),
  );
  readonly registrations = bind(this.store, registrations, "add", "addForUser", "findNewest", "confirm");
  readonly resetPassword = bind(this.store, resetPassword, "storeToken", "findEmail", "redeem", "sweepTokens");
  readonly sessions = merge(
    prepare(this.store, sessionLookup, "find"),
    bind(this.store, sessionLookup, "findUser"),
    bind(this.store, sessions, "open", "end", "endAll", "endOthers"),
    bind(this.store, sessionList, "list", "endByHandle"),
    bind(this.store, sessionRenewals, "findConfirmedAt", "renew", "findRenewalNonce"),
    bind(this.store, sessionTimes, "recordUse", "sweep"),
  );
  readonly sweep = bind(this.store, sweeping, "deleteOld", "correctFutureTimes");
  readonly undoEmailChange = merge(
    bind(this.store, formerEmails, "isEmailHeld", "storeToken", "findFormerEmail", "listFormerEmails"),
    bind(this.store, undoEmailChange, "undo"),
  );
  readonly users = merge(
    bind(this.store, users, "findByEmail", "findIdsByEmail", "list", "isEmpty", "setDisabled"),
    bind(this.store, changePassword, "changePassword"),
    bind(this.store, deleteAccount, "deleteAccount"),
  );
  readonly verifyEmail = bind(this.store, verifyEmail, "storeToken", "findVerification");

  /**
   * Adds a user.
   *
   * @param byOwner true if the user registers, false if an operator adds the account. If true, the first login within a day
   * queues no email to the user, and the address is rejected while another account can undo an email change from it
   * @throws {EmailTaken} if the address is rejected, or if it belongs to another user in any letter case
   * @throws {InvalidRequestError} if a value cannot be stored in a `VARCHAR(250)`
   */
  addUser(
    email: string,
    hashedPassword: string,
    idempotencyKeys: readonly string[] = [],
    { byOwner = true }: { readonly byOwner?: boolean } = {},
  ): Promise<User> {
    return users.addUser(this.store, { email, hashedPassword, byOwner }, idempotencyKeys);
  }

  /**
   * Finds the user that matches all of the attributes. An email address matches regardless of letter case and surrounding spaces.
   * A session id or reset token of `null` matches no user.
   *
   * @throws {NoResultFound} if no user matches
   * @throws {InvalidRequestError} if an attribute does not exist, or its value has the wrong type
   * @example
   * const bob = await db.findUserBy({ email: "bob@example.com" });
   */
  findUserBy(attributes: Partial<User>): Promise<User> {
    return users.findUserBy(this.store, attributes);
  }

  /**
   * Changes attributes of a user in one transaction. A `sessionId` becomes the id of the user's only session; `null` ends all
   * sessions. A `resetToken` replaces the previous one, and expires after `RESET_TOKEN_LIFETIME` unless `resetTokenExpiresAt` is
   * given.
   *
   * @throws {NoResultFound} if no user has the id
   * @throws {InvalidRequestError} if no attribute is given, if one is `id`, does not exist or cannot hold its value, or if
   * another user has the credential
   * @throws {EmailTaken} if the address belongs to another user
   */
  updateUser(id: number, changes: users.UserChanges): Promise<void> {
    return users.updateUser(this.store, id, changes);
  }

  /** Copies all tables except `acts` and `leases` to an empty database, and returns the number of rows per table. */
  copyTo(target: DB, onProgress: (progress: CopyProgress) => void = () => {}): Promise<Record<string, number>> {
    return copy(this.store, target.store, onProgress);
  }
}
