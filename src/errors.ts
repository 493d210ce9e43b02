import { formatWait } from "./values/durations.ts";

/** Thrown by `DB` when nothing matches. */
export class NoResultFound extends Error {
  override name = "NoResultFound";
}

/** Thrown by `DB` for an attribute that does not exist, or a value that it cannot hold. */
export class InvalidRequestError extends Error {
  override name = "InvalidRequestError";
}

/** Thrown by `DB.addUser` and `DB.updateUser` when the address belongs to another user. */
export class EmailTaken extends Error {
  override name = "EmailTaken";
}

/** What keeps a database from answering, in words that may be shown. */
export type DatabaseFault =
  | "locked"
  | "read-only"
  | "full"
  | "corrupt"
  | "not a database"
  | "unreadable"
  | "unreachable"
  | "out of connections"
  | "closed";

/** Thrown by `openDB` when a database cannot be used; the message says why, and how to mend it. */
export class OpenError extends Error {
  override name = "OpenError";
}

/**
 * Thrown by every method of `DB` when the database cannot answer now. Nothing was stored, and the same call may succeed
 * later: the cause is outside of the caller's request.
 */
export class DatabaseUnavailable extends Error {
  override name = "DatabaseUnavailable";
  readonly fault: DatabaseFault;

  constructor(fault: DatabaseFault, cause?: unknown) {
    super(`the database is ${fault}`, { cause });
    this.fault = fault;
  }
}

/** Every way in which `Auth` refuses. `docs/errors.md` tells what each becomes over HTTP. */
export type AuthErrorCode =
  | "email_invalid"
  | "email_taken"
  | "email_unchanged"
  | "password_missing"
  | "password_too_short"
  | "password_common"
  | "password_personal"
  | "password_breached"
  | "not_logged_in"
  | "wrong_login"
  | "email_not_verified"
  | "wrong_password"
  | "password_needed"
  | "unknown_email"
  | "unknown_session"
  | "page_invalid"
  | "bad_reset_token"
  | "bad_undo_token"
  | "bad_verify_token"
  | "too_many_tries"
  | "busy";

/** Every way in which the HTTP side itself refuses. */
export type RequestErrorCode =
  | "body_malformed"
  | "body_too_large"
  | "body_type_unsupported"
  | "cross_site"
  | "field_missing"
  | "field_repeated"
  | "internal"
  | "method_not_allowed"
  | "not_found"
  | "reset_delivery";

/** The code of every refusal by the app. */
export type RefusalCode = AuthErrorCode | RequestErrorCode | "database_unavailable";

/** The code of every request that the server refuses before the app sees it: not HTTP/1.1, or too slow. */
export type ConnectionErrorCode = "bad_request" | "expectation_failed" | "headers_too_large" | "request_timeout";

/** The values of the header `Error-Code`, which every answer with a status of 400 or more has. */
export type ErrorCode = RefusalCode | ConnectionErrorCode | "form_stale";

/**
 * What `Auth` throws when it refuses a request.
 *
 * @example
 * try {
 *   await auth.registerUser("bob@example.com", "secret");
 * } catch (error) {
 *   if (error instanceof AuthError && error.code === "email_taken") console.log("log in instead");
 * }
 */
export class AuthError extends Error {
  override name = "AuthError";
  readonly code: AuthErrorCode;
  /** Seconds until it is worth trying again; only with the codes `busy` and `too_many_tries`. */
  readonly retryAfter: number | undefined;
  /** Waiting will not help, a new password does: too many wrong ones were given in a row; only with `too_many_tries`. */
  readonly isLocked: boolean;
  /** The email has an invisible character in it; with `email_invalid`, `unknown_email` and `wrong_login`. */
  readonly hasInvisibleCharacter: boolean;

  constructor(
    code: AuthErrorCode,
    message: string,
    {
      retryAfter,
      isLocked = false,
      hasInvisibleCharacter = false,
      cause,
    }: { retryAfter?: number; isLocked?: boolean; hasInvisibleCharacter?: boolean; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryAfter = retryAfter;
    this.isLocked = isLocked;
    this.hasInvisibleCharacter = hasInvisibleCharacter;
  }
}

/**
 * The refusal of a request for which no password can be hashed now.
 *
 * @param retryAfter in seconds
 * @param cause what prevents hashing, unless too many passwords wait
 */
export function busyError(retryAfter: number, cause?: Error): AuthError {
  return new AuthError("busy", `too many logins; try again in ${formatWait(retryAfter, "en")}`, {
    retryAfter,
    cause,
  });
}

/** Whoever asks has no session, or no longer. */
export function notLoggedInError(): AuthError {
  return new AuthError("not_logged_in", "not logged in");
}
