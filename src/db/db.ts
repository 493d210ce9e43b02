import { Kysely, sql } from "kysely";
import { DatabaseUnavailable } from "../errors.ts";
import { readSettings } from "../settings.ts";
import type { Session, User } from "../user.ts";
import type { Engine } from "./engine.ts";
import { MigrationError, migrate } from "./migrations.ts";
import { type Redemption, redeemResetToken } from "./reset-tokens.ts";
import type { Schema } from "./schema.ts";
import type { Awaitable, Lifetimes, Opening, SeenUser } from "./sessions.ts";
import * as sessions from "./sessions.ts";
import type { UserChanges } from "./users.ts";
import * as users from "./users.ts";

export type { Awaitable, Lifetimes, Opening, Redemption, SeenUser, UserChanges };

export interface DBOptions {
  /** How long sessions and reset tokens live; `readSettings` has the defaults. */
  readonly settings?: Lifetimes;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** Thrown by `openDB` when a database cannot be used; the message names it, the reason and the mend. */
export class OpenError extends Error {
  override name = "OpenError";
}

const mends = {
  locked: "another program holds it; stop that one, or name another",
  "read-only": "give this user the right to write it, the -wal and -shm beside it, and its folder",
  full: "its disk is full; free some room",
  corrupt: "it is damaged; restore a backup",
  "not a database": "this file is something else; name another",
  unreadable: "make sure that its folder exists, and that it is a file which this user may read",
  closed: "",
} as const;

/**
 * Opens the database, creates it when it is not there, and brings it to this program's schema.
 *
 * @param url `sqlite:PATH`, or `sqlite::memory:` for one that ends with the process
 * @throws {OpenError} when it cannot be used
 * @example
 * const db = await openDB("sqlite:accounts.db");
 */
export async function openDB(url: string, options: DBOptions = {}): Promise<DB> {
  const { sqlite } = await import("./sqlite.ts");
  const engine = sqlite(url.replace(/^sqlite:/, ""));
  const db = new Kysely<Schema>({ dialect: engine.dialect });
  try {
    await migrate(db, engine);
    // A database that can be read and not written would fail the first person instead.
    await db.transaction().execute((transaction) => sql`delete from users where id < 0`.execute(transaction));
    return new DB(db, engine, options);
  } catch (error) {
    await db.destroy();
    if (error instanceof MigrationError) throw new OpenError(`cannot use ${url}: ${error.message}`, { cause: error });
    if (!(error instanceof DatabaseUnavailable)) throw error;
    throw new OpenError(`cannot use ${url}: it is ${error.fault}; ${mends[error.fault]}`, { cause: error });
  }
}

/**
 * Everything that is stored. Tokens and session ids come in as they are and are kept as their SHA-256; those that have
 * ended act as if they never were. Every method throws `DatabaseUnavailable` when the database cannot answer now.
 */
export class DB {
  readonly #db: Kysely<Schema>;
  readonly #engine: Engine;
  readonly #lifetimes: Lifetimes;
  readonly #clock: () => number;
  readonly #lookUp: (sessionId: string, now: number) => Awaitable<SeenUser | null>;

  /** Use `openDB`. */
  constructor(db: Kysely<Schema>, engine: Engine, { settings = readSettings(), clock = Date.now }: DBOptions) {
    this.#db = db;
    this.#engine = engine;
    this.#lifetimes = settings;
    this.#clock = clock;
    this.#lookUp = sessions.sessionLookup(db, engine, settings);
  }

  /**
   * Adds a user.
   *
   * @throws {EmailTaken} when the address belongs to a user
   * @throws {InvalidRequestError} for a value that a `VARCHAR(250)` cannot hold
   */
  addUser(email: string, hashedPassword: string): Promise<User> {
    return users.addUser(this.#db, this.#engine, email, hashedPassword, this.#clock());
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
    return users.findUserBy(this.#db, attributes, this.#clock(), this.#lifetimes);
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
    return users.updateUser(this.#db, this.#engine, id, changes, this.#clock(), this.#lifetimes);
  }

  /** Finds the user of a live session, whose account is not disabled. Answered at once where the driver can. */
  findUserBySession(sessionId: string): Awaitable<SeenUser | null> {
    return this.#lookUp(sessionId, this.#clock());
  }

  /** Opens a session; null when the user is gone, disabled, or has another password than the one verified. */
  openSession(opening: Opening): Promise<Session | null> {
    return sessions.openSession(this.#db, opening, this.#clock(), this.#lifetimes);
  }

  /** Ends one session; false when there was none. */
  endSession(sessionId: string): Promise<boolean> {
    return sessions.endSession(this.#db, sessionId);
  }

  /** Ends every session of a user; returns how many there were. */
  endSessions(userId: number): Promise<number> {
    return sessions.endSessions(this.#db, userId);
  }

  /** Writes sessions as seen now: their idle end moves. */
  seeSessions(sessionIds: readonly string[]): Promise<void> {
    return sessions.seeSessions(this.#db, sessionIds, this.#clock(), this.#lifetimes);
  }

  /** Takes a reset token: changes the password and ends every session. False when the token is not, or no longer, good. */
  redeemResetToken(redemption: Redemption): Promise<boolean> {
    return redeemResetToken(this.#db, redemption, this.#clock());
  }

  /** Deletes the ended among the next `limit` sessions after `from`; tells how many, and where the next batch begins. */
  sweepSessions(from: string, limit: number): Promise<{ ended: number; next: string | null }> {
    return sessions.sweepSessions(this.#db, from, limit, this.#clock(), this.#lifetimes);
  }

  /** Forgets at most `limit` reset tokens that have ended; returns how many. */
  sweepResetTokens(limit: number): Promise<number> {
    return users.sweepResetTokens(this.#db, this.#clock(), limit);
  }

  /** Whether there is no user yet. */
  async isEmpty(): Promise<boolean> {
    return (await this.#db.selectFrom("users").select("id").limit(1).executeTakeFirst()) === undefined;
  }

  /** Resolves when the database answers. */
  async ping(): Promise<void> {
    await this.isEmpty();
  }

  /** Closes it; whatever is asked afterwards throws. */
  close(): Promise<void> {
    return this.#db.destroy();
  }
}
