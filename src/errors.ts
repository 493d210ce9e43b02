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

/** Why a database is unavailable, in words that are safe to print. */
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

/** Thrown by `openDB` when a database cannot be used. The message says why, and how to fix it. */
export class OpenError extends Error {
  override name = "OpenError";
}

/** Thrown by every method of `DB` when the database is unavailable. Nothing was stored, and a retry can succeed. */
export class DatabaseUnavailable extends Error {
  override name = "DatabaseUnavailable";
  readonly fault: DatabaseFault;

  constructor(fault: DatabaseFault, cause?: unknown) {
    super(`the database is ${fault}`, { cause });
    this.fault = fault;
  }
}

/** The codes of `AuthError`. `docs/errors.md` explains them. */
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

/** The codes of requests that are rejected before they reach `Auth`. */
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

/** The codes of the error responses of the app. */
export type RefusalCode = AuthErrorCode | RequestErrorCode | "database_unavailable";

/** The codes of requests that the server rejects before they reach the app, such as requests that are too slow. */
export type ConnectionErrorCode = "bad_request" | "expectation_failed" | "headers_too_large" | "request_timeout";

/** The values of the `Error-Code` header, which every response with a status of 400 or more has. */
export type ErrorCode = RefusalCode | ConnectionErrorCode | "form_stale";

/**
 * Thrown by `Auth` when it rejects a request.
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
  /** Seconds to wait before a retry. Only with the codes `busy` and `too_many_tries`. */
  readonly retryAfter: number | undefined;
  /** Too many passwords in a row were wrong, so only a password reset helps. Only with `too_many_tries`. */
  readonly isLocked: boolean;
  /** The email contains an invisible character. Only with `email_invalid`, `unknown_email` and `wrong_login`. */
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
 * Creates the error for a request whose password cannot be hashed now.
 *
 * @param retryAfter in seconds
 * @param cause why hashing is impossible; undefined if the hash queue is full
 */
export function busyError(retryAfter: number, cause?: Error): AuthError {
  return new AuthError("busy", `too many logins; try again in ${formatWait(retryAfter, "en")}`, {
    retryAfter,
    cause,
  });
}

/** Creates the error for a request without a live session. */
export function notLoggedInError(): AuthError {
  return new AuthError("not_logged_in", "not logged in");
}
