import type { Awaitable, DB } from "../db/db.ts";
import { type Log, silent } from "../log.ts";
import { readSettings, type Settings } from "../settings.ts";
import type { Session, User } from "../user.ts";
import * as accounts from "./accounts.ts";
import type { Caller, Context } from "./context.ts";
import { LastSeen } from "./last-seen.ts";
import { type Login, logIn, verify } from "./log-in.ts";
import { Passwords } from "./passwords.ts";
import * as resetPassword from "./reset-password.ts";
import * as sessions from "./sessions.ts";
import { sweep } from "./sweep.ts";

export { normaliseEmail } from "./email.ts";
export type { Caller, Login };

export interface AuthOptions {
  /** The policies; `readSettings` has the defaults. */
  readonly settings?: Settings;
  /** Where every event is told, for example a pino logger; nowhere by default. */
  readonly log?: Log;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/**
 * Accounts, sessions and passwords: everything that the HTTP side asks for.
 *
 * Emails may come in any spelling of theirs (spaces around, letter case). A `Caller` may be named wherever it matters
 * who asks: the address divides the queue of hashes fairly, and is told in the log.
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
  readonly #lastSeen: LastSeen;

  constructor(db: DB, { settings = readSettings(), log = silent, clock = Date.now }: AuthOptions = {}) {
    this.#context = { db, settings, log, passwords: new Passwords(settings) };
    this.#lastSeen = new LastSeen(this.#context, clock);
  }

  /**
   * Makes an account. Of several at once for one address exactly one succeeds.
   *
   * @throws {AuthError} `email_taken` ("User <email> already exists"), `email_invalid`, `password_missing`,
   * `password_too_short`, or `busy` when too many passwords wait to be hashed
   */
  registerUser(email: string, password: string, caller: Caller = {}): Promise<User> {
    return accounts.registerUser(this.#context, email, password, caller);
  }

  /**
   * Whether email and password are those of an account; false in every other case, after the same time.
   *
   * @throws {AuthError} `busy`
   */
  async validLogin(email: string, password: string, caller: Caller = {}): Promise<boolean> {
    return (await verify(this.#context, { email, password }, caller)) !== null;
  }

  /**
   * Checks email and password and opens a session, as one act: a password that is changed meanwhile opens nothing.
   *
   * @throws {AuthError} `wrong_login`, whatever was wrong; `busy`
   */
  logIn(login: Login, caller: Caller = {}): Promise<{ user: User; session: Session }> {
    return logIn(this.#context, login, caller);
  }

  /** Opens a session without asking for the password; its id, or null for an unknown email. */
  createSession(email: string, caller: Caller = {}): Promise<string | null> {
    return sessions.createSession(this.#context, email, caller);
  }

  /** The user of a live session, or null. Answered at once where the database can; `await` takes both. */
  getUserFromSessionId(sessionId: string | null): Awaitable<User | null> {
    return sessions.getUserFromSessionId(this.#context, this.#lastSeen, sessionId);
  }

  /** Ends one session, on one device; false when there was none. */
  logOut(sessionId: string | null, caller: Caller = {}): Promise<boolean> {
    return sessions.logOut(this.#context, sessionId, caller);
  }

  /** Ends every session of a user. */
  async destroySession(userId: number): Promise<void> {
    await this.#context.db.endSessions(userId);
  }

  /**
   * Makes a reset token, which replaces the one before.
   *
   * @throws {AuthError} `unknown_email`
   */
  getResetPasswordToken(email: string, caller: Caller = {}): Promise<string> {
    return resetPassword.getResetPasswordToken(this.#context, email, caller);
  }

  /**
   * Changes the password of the token's account, takes the token, and ends every session of the user. A refusal leaves
   * the token alive.
   *
   * @param email when given, the token must be this account's
   * @throws {AuthError} `bad_reset_token`, `password_missing`, `password_too_short`, `busy`
   */
  updatePassword(resetToken: string, password: string, email?: string, caller: Caller = {}): Promise<User> {
    return resetPassword.updatePassword(this.#context, resetToken, password, email, caller);
  }

  /** Deletes sessions and reset tokens that have ended. They open nothing anyway: this makes room. */
  sweep(): Promise<{ sessions: number; resetTokens: number }> {
    return sweep(this.#context);
  }

  /** Writes now which sessions were seen, which is otherwise done every few seconds. */
  flush(): Promise<void> {
    return this.#lastSeen.flush();
  }

  /** Resolves when the database answers. */
  ping(): Promise<void> {
    return this.#context.db.ping();
  }

  /** Writes what is still to be written and stops the threads. The database stays open. */
  async close(): Promise<void> {
    await this.flush();
    await this.#context.passwords.close();
  }
}
