import type { Session, User } from "../user.ts";
import { type Adopted, adopt, ContractFile, type ContractUser } from "./adopt.ts";
import type { Progress } from "./copy.ts";
import * as copying from "./copy.ts";
import type { Awaitable } from "./engine.ts";
import type { Account } from "./import.ts";
import * as importing from "./import.ts";
import type { MigrationState } from "./migrations.ts";
import { type DBOptions, open, statesOf } from "./open.ts";
import type { Lifetimes, Store } from "./store.ts";
import type { Done } from "./tables/acts.ts";
import * as acts from "./tables/acts.ts";
import type { EventsWanted, MergedEvent, NewEvent, StoredEvent } from "./tables/audit.ts";
import * as events from "./tables/audit.ts";
import type { Device, LoginNotice, Redeemer } from "./tables/devices.ts";
import * as devices from "./tables/devices.ts";
import type { FailedMail } from "./tables/failed-mails.ts";
import * as failedMails from "./tables/failed-mails.ts";
import type { FormerEmail } from "./tables/former-emails.ts";
import * as formerEmails from "./tables/former-emails.ts";
import type { Lease } from "./tables/leases.ts";
import * as leases from "./tables/leases.ts";
import type { Limit, Slot, Taking } from "./tables/limits.ts";
import * as attempts from "./tables/limits.ts";
import type { Mailing } from "./tables/mailed-tokens.ts";
import * as mailedTokens from "./tables/mailed-tokens.ts";
import type { Claimable, ClaimedMail, NewMail, Notice, OutboxKind, WaitingMail } from "./tables/outbox.ts";
import * as outbox from "./tables/outbox.ts";
import type { Redemption } from "./tables/reset-password.ts";
import * as resetTokens from "./tables/reset-password.ts";
import { endSurplusSessions, mostSessions } from "./tables/session-limit.ts";
import type { ListedSession, SessionPage, SessionsWanted } from "./tables/session-list.ts";
import * as sessionList from "./tables/session-list.ts";
import type { Opening, OpeningAct, Renewal, Seen, SeenSession, SeenUser } from "./tables/sessions.ts";
import * as sessions from "./tables/sessions.ts";
import type { UndoneMove } from "./tables/undo-email-change.ts";
import * as undoing from "./tables/undo-email-change.ts";
import type { PasswordChange, UserChanges } from "./tables/users.ts";
import * as users from "./tables/users.ts";
import type { MoveProof, Verification } from "./tables/verify-email.ts";
import * as verifications from "./tables/verify-email.ts";
import * as wrongTimes from "./wrong-times.ts";

export { backUp } from "./backup.ts";
export { restore } from "./restore.ts";
export { embeddedFile } from "./sqlite/embedded-file.ts";
export type {
  Account,
  Adopted,
  Awaitable,
  Claimable,
  ClaimedMail,
  ContractUser,
  DBOptions,
  Device,
  Done,
  EventsWanted,
  FailedMail,
  FormerEmail,
  Lifetimes,
  Limit,
  ListedSession,
  LoginNotice,
  Mailing,
  MergedEvent,
  MigrationState,
  NewEvent,
  NewMail,
  Notice,
  Opening,
  OpeningAct,
  OutboxKind,
  PasswordChange,
  Progress,
  Redeemer,
  Redemption,
  Renewal,
  SeenSession,
  SeenUser,
  SessionPage,
  SessionsWanted,
  Slot,
  StoredEvent,
  Taking,
  UserChanges,
  Verification,
  WaitingMail,
};
export { ContractFile, mostSessions };

/**
 * Opens the database, creates it when it is an embedded one that is not there, and brings it to this program's schema.
 *
 * @param url `sqlite:PATH`, `sqlite::memory:` for one that ends with the process, or `postgres://…`
 * @throws {OpenError} when it cannot be used
 * @example
 * const db = await openDB("sqlite:accounts.db");
 */
export async function openDB(url: string, options: DBOptions = {}): Promise<DB> {
  return new DB(await open(url, options));
}

/**
 * Tells how far a database's schema is, and changes nothing.
 *
 * @throws {OpenError} when it cannot be used
 */
export function migrationStatus(url: string): Promise<MigrationState[]> {
  return statesOf(url);
}

const old = {
  acts: acts.sweepActs,
  attempts: (store: Store, _: number, limit: number) => attempts.sweepAttempts(store, limit),
  devices: devices.sweepDevices,
  events: events.sweepEvents,
  formerEmails: formerEmails.sweepFormerEmails,
  failedMails: failedMails.sweepFailedMails,
  mails: outbox.sweepMails,
  verifications: verifications.sweepVerifications,
} as const;

/** What grows old, and is swept. */
export type OldKind = keyof typeof old;

/**
 * Everything that is stored. Tokens and session ids come in as they are and are kept as their SHA-256; those that have
 * ended act as if they never were. Every method throws `DatabaseUnavailable` when the database cannot answer now.
 */
export class DB implements AsyncDisposable {
  readonly #store: Store;
  readonly #findSession: (sessionId: string) => Awaitable<SeenSession | null>;
  readonly #knowsAnyDevice: (devices: readonly string[]) => Awaitable<boolean>;

  /** Use `openDB`. */
  constructor(store: Store) {
    this.#store = store;
    this.#findSession = sessions.sessionLookup(store);
    this.#knowsAnyDevice = devices.deviceLookup(store);
  }

  /**
   * Adds a user, with the address in the given spelling.
   *
   * @param byOwner whether a person registers: the first login within a day brings no mail, and an address that another account
   * has left is held for that account. False for an account that somebody else makes
   * @throws {EmailTaken} when the address belongs to a user, in any spelling, or is held for one
   * @throws {InvalidRequestError} for a value that a `VARCHAR(250)` cannot hold
   */
  addUser(
    email: string,
    hashedPassword: string,
    acts: readonly string[] = [],
    { byOwner = true }: { readonly byOwner?: boolean } = {},
  ): Promise<User> {
    return users.addUser(this.#store, { email, hashedPassword, byOwner }, acts);
  }

  /**
   * Finds a user by any attributes, all of which must match. Of an address neither letter case nor surrounding spaces count.
   * A session id or reset token of `null` finds nobody.
   *
   * @throws {NoResultFound} when nobody matches
   * @throws {InvalidRequestError} for an attribute that does not exist, or a value of another type
   * @example
   * const bob = await db.findUserBy({ email: "bob@example.com" });
   */
  findUserBy(attributes: Partial<User>): Promise<User> {
    return users.findUserBy(this.#store, attributes);
  }

  /** The user with an address, in any spelling, or null. It takes about the same time in either case. */
  findUserByEmail(email: string): Promise<User | null> {
    return users.findUserByEmail(this.#store, email);
  }

  /**
   * Changes a user, all or nothing. A `sessionId` becomes the user's only session, and `null` ends them all; a
   * `resetToken` replaces the one before, and lives `RESET_TOKEN_LIFETIME` unless `resetTokenExpiresAt` is said.
   *
   * @throws {NoResultFound} when no user has the id
   * @throws {InvalidRequestError} for an attribute that does not exist, the id, or a value it cannot hold
   * @throws {EmailTaken} when the address belongs to another user
   */
  updateUser(id: number, changes: UserChanges): Promise<void> {
    return users.updateUser(this.#store, id, changes);
  }

  /** Finds the user of a live session, whose account is not disabled. */
  findUserBySession(sessionId: string): Promise<SeenUser | null> {
    return sessions.findUserBySession(this.#store, sessionId);
  }

  /**
   * Finds a live session whose account is not disabled, without reading a secret. Every request of a logged-in person does this
   * lookup, so it is synchronous if the driver is.
   */
  findSession(sessionId: string): Awaitable<SeenSession | null> {
    return this.#findSession(sessionId);
  }

  /** Opens a session; null when the user is gone, disabled, or has another password than the one verified. */
  openSession(opening: Opening): Promise<Session | null> {
    return sessions.openSession(this.#store, opening);
  }

  /** Ends one session; false when there was none. */
  endSession(sessionId: string): Promise<boolean> {
    return sessions.endSession(this.#store, sessionId);
  }

  /** Ends every session of a user; returns how many there were. */
  async endSessions(userId: number): Promise<number> {
    return (await endSurplusSessions(this.#store, userId)) + (await sessions.endSessions(this.#store, userId));
  }

  /**
   * Writes when sessions were used, which moves their idle end. A session that had ended by then, or was ended since, stays
   * ended.
   */
  seeSessions(seen: Iterable<Seen>): Promise<void> {
    return sessions.seeSessions(this.#store, seen);
  }

  /** A page of the live sessions of a user, the newest first; null if `after` is no page's `next`. */
  listSessions(userId: number, wanted: SessionsWanted): Promise<SessionPage | null> {
    return sessionList.listSessions(this.#store, userId, wanted);
  }

  /** Ends the session of a user that has this handle; false when there is none. */
  endSessionByHandle(userId: number, handle: string, acts: readonly string[] = []): Promise<boolean> {
    return sessionList.endSessionByHandle(this.#store, { userId, handle }, acts);
  }

  /** Ends every session of a user but this one; returns how many there were. */
  async endOtherSessions(userId: number, sessionId: string): Promise<number> {
    const surplus = await endSurplusSessions(this.#store, userId, sessionId);
    return surplus + (await sessions.endOtherSessions(this.#store, userId, sessionId));
  }

  /** When the password was last given in a live session; null for never. */
  confirmedAt(sessionId: string): Promise<number | null> {
    return sessions.confirmedAt(this.#store, sessionId);
  }

  /**
   * Records that the password was confirmed now, and gives the session a new id. The previous id leads to it for ten seconds.
   *
   * @returns the nonce that the session's new id is derived from, which can be that of an earlier renewal by the same id; false
   * when the session has ended
   */
  renewSession(sessionId: string, renewal: Renewal): Promise<string | false> {
    return sessions.renewSession(this.#store, sessionId, renewal);
  }

  /**
   * The nonce that the current id of a session is derived from, if the session was found by its previous id; null if it was
   * found by its current id; false if it has ended.
   */
  renewalOf(sessionId: string): Promise<string | null | false> {
    return sessions.renewalOf(this.#store, sessionId);
  }

  /**
   * Changes a password and mails the owner, in one transaction.
   *
   * @returns the nonce that the session's new id is derived from; false when the password was changed meanwhile
   */
  changePassword(change: PasswordChange): Promise<string | false> {
    return users.changePassword(this.#store, change);
  }

  /**
   * Gives the account of an address, or its newest registration, a reset token. Without `mailing` it replaces the previous one;
   * with it, both work until `acceptToken`.
   *
   * @returns the address as it is spelled there; null when there is neither, or when a token was mailed just before this
   * request
   */
  giveResetToken(email: string, resetToken: string, mailing?: Mailing): Promise<string | null> {
    return resetTokens.giveResetToken(this.#store, email, resetToken, mailing);
  }

  /** Makes a token whose mail was accepted replace the earlier ones; false for one that was ended meanwhile, which stays ended. */
  acceptToken(token: string): Promise<boolean> {
    return mailedTokens.acceptToken(this.#store, token);
  }

  /** The address of the account or registration that a valid reset token belongs to, as it is spelled there; or null. */
  resetAddress(resetToken: string): Promise<string | null> {
    return resetTokens.resetAddress(this.#store, resetToken);
  }

  /** Takes a reset token: changes the password, ends every session, tells the owner. Null when it is not, or no longer, good. */
  redeemResetToken(redemption: Redemption): Promise<User | null> {
    return resetTokens.redeemResetToken(this.#store, redemption);
  }

  /** Stores a registration until its address is confirmed, and queues the mail for it if one can be sent. */
  addRegistration(
    email: string,
    hashedPassword: string,
    notice: Notice | null,
    acts: readonly string[] = [],
  ): Promise<void> {
    return verifications.addRegistration(this.#store, { email, hashedPassword }, notice, acts);
  }

  /**
   * Keeps where an account moves to, and the mails for it, until that is confirmed; false when the account is gone, disabled,
   * or has another password by now.
   */
  addMove(
    user: User,
    email: string,
    language: string,
    {
      acts = [],
      isMailed = true,
      network = null,
    }: { acts?: readonly string[] | undefined; isMailed?: boolean; network?: string | null } = {},
  ): Promise<boolean> {
    return verifications.addMove(this.#store, user, { email, language, isMailed, network }, acts);
  }

  /** The newest registration that waits for this address, or null. */
  newestRegistration(email: string): Promise<Verification | null> {
    return verifications.newestRegistration(this.#store, email);
  }

  /** Keeps a registration of an account that was never confirmed, with its own password; returns its id. */
  registrationOfUser(user: User): Promise<number> {
    return verifications.registrationOfUser(this.#store, user);
  }

  /**
   * Gives a verification the token that is being mailed; the previous one works until `acceptToken`. Returns null if the
   * verification no longer exists, or if a token was mailed just before this request.
   */
  giveVerifyToken(id: number, token: string, mailing?: Mailing): Promise<Verification | null> {
    return verifications.giveVerifyToken(this.#store, id, token, mailing);
  }

  /** What a mailed token confirms, while it is good; or null. */
  findVerification(token: string): Promise<Verification | null> {
    return verifications.findVerification(this.#store, token);
  }

  /** Makes a registration an account and drops the others of its address; null when the token is no longer good. */
  confirmRegistration(
    verification: Verification,
    token: string,
    acts: readonly string[] = [],
    redeemer: Redeemer = {},
  ): Promise<User | null> {
    return verifications.confirmRegistration(this.#store, verification, token, acts, redeemer);
  }

  /**
   * Moves an account to the address that was mailed, ends its sessions but for one, and mails the old address how to undo it.
   *
   * @returns the nonce that the new id of the session is derived from, if one goes on; false when the token is no longer good
   * @throws {EmailTaken} when the address has an account
   */
  confirmMove(verification: Verification, proof: MoveProof): Promise<{ readonly nonce: string | null } | false> {
    return verifications.confirmMove(this.#store, verification, proof);
  }

  /** Whether an account has left this address and can still be brought back to it. */
  isHeld(email: string): Promise<boolean> {
    return formerEmails.isHeld(this.#store, email);
  }

  /**
   * Gives an address that an account has left the token that is being mailed there; the previous one works until `acceptToken`.
   *
   * @returns null when the move can no longer be undone, or when a token was mailed just before this request
   */
  giveUndoToken(email: string, token: string, mailing: Mailing): Promise<FormerEmail | null> {
    return formerEmails.giveUndoToken(this.#store, email, token, mailing);
  }

  /** The move that a mailed token undoes; null when the token is invalid, or the account is disabled. */
  findFormerEmail(token: string): Promise<FormerEmail | null> {
    return formerEmails.findFormerEmail(this.#store, token);
  }

  /** The addresses that an account can still be brought back to, the latest move first. */
  formerEmailsOf(userId: number): Promise<FormerEmail[]> {
    return formerEmails.formerEmailsOf(this.#store, userId);
  }

  /**
   * Brings an account back to the address that it has left, ends all that opens it, and mails a reset link there; null when the
   * token is invalid.
   *
   * @throws {EmailTaken} when another account has the address
   */
  undoEmailChange(undone: UndoneMove): Promise<User | null> {
    return undoing.undoEmailChange(this.#store, undone);
  }

  /** Where an account wants to move to, or null. */
  moveOf(userId: number): Promise<string | null> {
    return verifications.moveOf(this.#store, userId);
  }

  /**
   * What the act with one of a caller's names in `acts` did, or null. It counts for a minute, and only while its result exists.
   */
  findAct(name: string): Promise<Done | null> {
    return acts.findAct(this.#store, name);
  }

  /** Queues a mail, unless none can be sent to its address. */
  enqueue(mail: NewMail, acts: readonly string[] = []): Promise<void> {
    return outbox.enqueueOnce(this.#store, mail, acts);
  }

  /**
   * Claims at most `limit` mails that are due; each is due again after `backOff(tries)` milliseconds. Mails that a newer one
   * replaces are dropped.
   */
  claimMails(limit: number, backOff: (tries: number) => number, which?: Claimable): Promise<ClaimedMail[]> {
    return outbox.claimMails(this.#store, limit, backOff, which);
  }

  /** Has a claimed mail wait until a time, as if it had not been claimed. */
  postponeMail(mail: WaitingMail, until: number): Promise<void> {
    return outbox.postponeMail(this.#store, mail, until);
  }

  /** How many mails that anybody can request were never tried, and are not due yet. */
  countPostponed(): Promise<number> {
    return outbox.countPostponed(this.#store);
  }

  /** Of mails that are not due yet, the newest of the network that requested most; null if a network has nearly as many. */
  newestOfBusiest(network: string): Promise<Pick<WaitingMail, "id" | "nextTryAt"> | null> {
    return outbox.newestOfBusiest(this.#store, network);
  }

  /** Ends a token whose mail was not sent. */
  dropMailedToken(token: string): Promise<void> {
    return failedMails.dropMailedToken(this.#store, token);
  }

  /** Moves a mail from the outbox to the failed ones, and ends the token that was in it. */
  failMail(
    mail: Pick<WaitingMail, "id">,
    failure: { reason: string | undefined; token?: string | undefined },
  ): Promise<void> {
    return failedMails.failMail(this.#store, mail, failure);
  }

  /** The failed mails, the newest first. */
  failedMails(limit: number): Promise<FailedMail[]> {
    return failedMails.failedMails(this.#store, limit);
  }

  /** The failed mails to an account, its address or the one it moves to, the oldest first. */
  failedMailsTo(user: Pick<User, "id" | "email">): Promise<FailedMail[]> {
    return failedMails.failedMailsTo(this.#store, user);
  }

  /** How many mails have failed. */
  countFailedMails(): Promise<number> {
    return failedMails.countFailedMails(this.#store);
  }

  /** Has at most `limit` failed mails wait again, due now; returns how many. */
  retryFailedMails(limit: number): Promise<number> {
    return failedMails.retryFailedMails(this.#store, limit);
  }

  /** Whether a newer mail is waiting for another registration of this address. */
  newerRegistrationMailWaits(mail: WaitingMail, email: string): Promise<boolean> {
    return outbox.newerRegistrationMailWaits(this.#store, mail, email);
  }

  /** Whether the mail of this registration is still waiting. */
  registrationMailWaits(verificationId: number): Promise<boolean> {
    return outbox.registrationMailWaits(this.#store, verificationId);
  }

  /** Removes an accepted mail from the outbox, together with those that requested the same until then. */
  removeAnswered(mail: WaitingMail): Promise<void> {
    return outbox.removeAnswered(this.#store, mail);
  }

  /** Removes a mail that was sent; what was merged into it meanwhile is left, to be reported `wait` milliseconds from now. */
  removeSent(mail: WaitingMail, wait: number): Promise<void> {
    return outbox.removeSent(this.#store, mail, wait);
  }

  /** Takes a mail out of the outbox. */
  removeMail(id: number): Promise<void> {
    return outbox.removeMail(this.#store, id);
  }

  /** The mails that wait, the oldest first. */
  waitingMails(limit: number): Promise<WaitingMail[]> {
    return outbox.waitingMails(this.#store, limit);
  }

  /** The mails that wait for an account, its address or the one it moves to, the oldest first. */
  mailsTo(user: Pick<User, "id" | "email">): Promise<WaitingMail[]> {
    return outbox.mailsTo(this.#store, user);
  }

  /** How many mails wait. */
  countMails(): Promise<number> {
    return outbox.countMails(this.#store);
  }

  /** Has every mail that waits be due now; returns how many. */
  retryMails(): Promise<number> {
    return outbox.retryMails(this.#store);
  }

  /** Takes a slot in each limit, or in none. */
  takeSlots(limits: readonly Limit[]): Promise<Taking> {
    return attempts.takeSlots(this.#store, limits);
  }

  /** Whether any attempt counts now under one of these keys. */
  areCounted(keys: readonly string[]): Promise<boolean> {
    return attempts.areCounted(this.#store, keys);
  }

  /** Gives slots back, and forgets what was counted under other keys. */
  giveBackSlots(slots: readonly Slot[], forget: readonly string[] = []): Promise<void> {
    return attempts.giveBackSlots(this.#store, slots, forget);
  }

  /** Whether a device has logged in to this account before. */
  knowsDevice(device: string, userId: number): Promise<boolean> {
    return devices.knowsDevice(this.#store, device, userId);
  }

  /** Whether a caller that may keep no cookies has redeemed a token of this account from a network within the last day. */
  knowsNetwork(network: string, userId: number): Promise<boolean> {
    return devices.knowsNetwork(this.#store, network, userId);
  }

  /** Whether any account knows one of these devices, of the first five. Synchronous if the driver is. */
  knowsAnyDevice(devices: readonly string[]): Awaitable<boolean> {
    return this.#knowsAnyDevice(devices);
  }

  /** When the devices of an account came, and were last seen. */
  devicesOf(userId: number): Promise<{ createdAt: number; lastSeenAt: number }[]> {
    return devices.devicesOf(this.#store, userId);
  }

  /** Writes entries of the audit trail. */
  addEvents(some: readonly NewEvent[]): Promise<void> {
    return events.addEvents(this.#store, some);
  }

  /** Writes the details of entries, and those that are not there (any more) as new ones; returns their ids. */
  putEvents(some: readonly MergedEvent[]): Promise<number[]> {
    return events.putEvents(this.#store, some);
  }

  /** The ids of the accounts that have one of these addresses, in any spelling, by the address's key. */
  idsByEmail(emails: readonly string[]): Promise<Map<string, number>> {
    return users.idsByEmail(this.#store, emails);
  }

  /** Entries of the audit trail, oldest first. */
  listEvents(wanted: EventsWanted): Promise<StoredEvent[]> {
    return events.listEvents(this.#store, wanted);
  }

  /** Accounts in the order of their ids, after the one with the id `after`; those whose address holds `search`, if given. */
  listUsers(wanted: { after?: number; limit: number; search?: string }): Promise<User[]> {
    return users.listUsers(this.#store, wanted);
  }

  /** Disables an account and ends its sessions, or enables it; false when it was so already, or is not there. */
  setDisabled(userId: number, disabled: boolean): Promise<boolean> {
    return users.setDisabled(this.#store, userId, disabled);
  }

  /**
   * Erases an account and everything that tells of it; false when there is none, or it has another hash than `verifiedHash`.
   *
   * @param keys under which tries at it are counted
   * @param notice the mail of it, to the account's address and to those that it can still be brought back to
   */
  deleteUser(
    user: Pick<User, "id" | "email">,
    keys: readonly string[],
    verifiedHash?: string,
    acts: readonly string[] = [],
    notice?: Notice,
  ): Promise<boolean> {
    return users.deleteUser(this.#store, user, { attempts: keys, verifiedHash, acts, notice });
  }

  /** Takes a lease that nobody holds, or extends the holder's own; see `takeLease`. */
  takeLease(lease: Lease, rest?: number): Promise<boolean> {
    return leases.takeLease(this.#store, lease, rest);
  }

  /** Gives a lease back; see `endLease`. */
  endLease(lease: Lease, isDone: boolean): Promise<void> {
    return leases.endLease(this.#store, lease, isDone);
  }

  /** Deletes the ended among the next `limit` sessions after `from`; tells how many, and where the next batch begins. */
  sweepSessions(from: string, limit: number): Promise<{ ended: number; next: string | null }> {
    return sessions.sweepSessions(this.#store, from, limit);
  }

  /** Forgets at most `limit` reset tokens that have ended; returns how many. */
  sweepResetTokens(limit: number): Promise<number> {
    return users.sweepResetTokens(this.#store, limit);
  }

  /** Deletes at most `limit` rows of a kind that are old: those that ended, or are from before a time. Returns how many. */
  sweepOld(kind: OldKind, before: number, limit: number): Promise<number> {
    return old[kind](this.#store, before, limit);
  }

  /** Sets times that a wrong clock put ahead of now to now, in at most `limit` rows of each kind; returns how many. */
  correctTimes(limit: number): Promise<number> {
    return wrongTimes.correctTimes(this.#store, limit);
  }

  /** Whether there is no user yet. */
  isEmpty(): Promise<boolean> {
    return users.areNone(this.#store);
  }

  /** Resolves when the database answers. */
  async ping(): Promise<void> {
    await this.isEmpty();
  }

  /**
   * Copies everything to another database that holds nothing yet, from one snapshot and all or nothing, and compares
   * counts and checksums before it is done.
   *
   * @returns the rows copied, by table
   * @throws {InvalidRequestError} when the target holds accounts
   */
  copyTo(target: DB, onProgress: (progress: Progress) => void = () => {}): Promise<Record<string, number>> {
    return copying.copy(this.#store, target.#store, onProgress);
  }

  /** Which of these addresses belong to users, in any spelling. */
  emailsTaken(emails: readonly string[]): Promise<Set<string>> {
    return importing.emailsTaken(this.#store, emails);
  }

  /**
   * Adds accounts of another system, some hundreds at a time, in one statement. Their addresses must differ in more than
   * spelling; existing users stay as they are.
   *
   * @returns the addresses that belonged to a user already
   */
  addAccounts(accounts: readonly Account[]): Promise<Set<string>> {
    return importing.addAccounts(this.#store, accounts);
  }

  /**
   * Takes over users with their ids, sessions and reset tokens, all or nothing. Sessions and tokens live from now as if
   * they had just been made.
   *
   * @returns how many there were
   * @throws {InvalidRequestError} when the database holds users
   */
  adopt(users: Iterable<Adopted>): Promise<{ users: number; sessions: number }> {
    return adopt(this.#store, users);
  }

  /** Closes it; whatever is asked afterwards throws `DatabaseUnavailable`. */
  close(): Promise<void> {
    return this.#store.engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
