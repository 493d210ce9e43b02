import type { Session, User } from "../user.ts";
import type { Progress } from "./copy.ts";
import * as copying from "./copy.ts";
import type { Awaitable } from "./engine.ts";
import type { MigrationState } from "./migrations.ts";
import { type DBOptions, open, statesOf } from "./open.ts";
import { type Redemption, redeemResetToken } from "./reset-tokens.ts";
import type { Opening, SeenUser } from "./sessions.ts";
import * as sessions from "./sessions.ts";
import type { Lifetimes, Store } from "./store.ts";
import type { UserChanges } from "./users.ts";
import * as users from "./users.ts";

export { backUp, embeddedFile, restore } from "./backup.ts";
export type { Awaitable, DBOptions, Lifetimes, MigrationState, Opening, Progress, Redemption, SeenUser, UserChanges };

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

/**
 * Everything that is stored. Tokens and session ids come in as they are and are kept as their SHA-256; those that have
 * ended act as if they never were. Every method throws `DatabaseUnavailable` when the database cannot answer now.
 */
export class DB implements AsyncDisposable {
  readonly #store: Store;
  readonly #findUserBySession: (sessionId: string) => Awaitable<SeenUser | null>;

  /** Use `openDB`. */
  constructor(store: Store) {
    this.#store = store;
    this.#findUserBySession = sessions.sessionLookup(store);
  }

  /**
   * Adds a user.
   *
   * @throws {EmailTaken} when the address belongs to a user
   * @throws {InvalidRequestError} for a value that a `VARCHAR(250)` cannot hold
   */
  addUser(email: string, hashedPassword: string): Promise<User> {
    return users.addUser(this.#store, email, hashedPassword);
  }

  /**
   * Finds a user by any attributes, all of which must match. A session id or reset token of `null` finds nobody.
   *
   * @throws {NoResultFound} when nobody matches
   * @throws {InvalidRequestError} for an attribute that does not exist, or a value of another type
   * @example
   * const bob = await db.findUserBy({ email: "bob@example.com" });
   */
  findUserBy(attributes: Partial<User>): Promise<User> {
    return users.findUserBy(this.#store, attributes);
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

  /** Finds the user of a live session, whose account is not disabled. Answered at once where the driver can. */
  findUserBySession(sessionId: string): Awaitable<SeenUser | null> {
    return this.#findUserBySession(sessionId);
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
  endSessions(userId: number): Promise<number> {
    return sessions.endSessions(this.#store, userId);
  }

  /** Writes sessions as seen now: their idle end moves. */
  seeSessions(sessionIds: readonly string[]): Promise<void> {
    return sessions.seeSessions(this.#store, sessionIds);
  }

  /** Takes a reset token: changes the password and ends every session. False when the token is not, or no longer, good. */
  redeemResetToken(redemption: Redemption): Promise<boolean> {
    return redeemResetToken(this.#store, redemption);
  }

  /** Deletes the ended among the next `limit` sessions after `from`; tells how many, and where the next batch begins. */
  sweepSessions(from: string, limit: number): Promise<{ ended: number; next: string | null }> {
    return sessions.sweepSessions(this.#store, from, limit);
  }

  /** Forgets at most `limit` reset tokens that have ended; returns how many. */
  sweepResetTokens(limit: number): Promise<number> {
    return users.sweepResetTokens(this.#store, limit);
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

  /** Closes it; whatever is asked afterwards throws. */
  close(): Promise<void> {
    return this.#store.db.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
