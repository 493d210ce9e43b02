import { AuthError, DatabaseUnavailable, type RefusalCode, type RequestErrorCode } from "../errors.ts";

/** A request that is refused before `Auth` is asked. */
export class RequestError extends Error {
  override name = "RequestError";
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function notFoundError(): RequestError {
  return new RequestError("not_found", "nothing is here");
}

/** The status of every refusal: the one place that knows. `docs/errors.md` tells them to people. */
export const statuses = {
  body_malformed: 400,
  body_too_large: 413,
  body_type_unsupported: 415,
  cross_site: 403,
  field_missing: 400,
  field_repeated: 400,
  internal: 500,
  method_not_allowed: 405,
  not_found: 404,
  reset_delivery: 403,
  email_invalid: 400,
  email_taken: 400,
  email_unchanged: 400,
  password_missing: 400,
  password_too_short: 400,
  password_common: 400,
  password_personal: 400,
  password_breached: 400,
  not_logged_in: 403,
  wrong_login: 401,
  email_not_verified: 403,
  wrong_password: 403,
  password_needed: 403,
  unknown_email: 403,
  unknown_session: 404,
  page_invalid: 400,
  bad_reset_token: 403,
  bad_undo_token: 403,
  bad_verify_token: 403,
  too_many_tries: 429,
  busy: 503,
  database_unavailable: 503,
} as const satisfies Record<RefusalCode, number>;

/** A refusal as it goes over the wire. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly status: number;
  readonly message: string;
  /** Seconds. */
  readonly retryAfter?: number | undefined;
  /** Waiting will not help. */
  readonly isLocked?: boolean;
  /** The email has an invisible character in it. */
  readonly hasInvisibleCharacter?: boolean;
  /** The connection cannot be used again: what is left of the body is not read. */
  readonly closesConnection?: boolean;
}

/** What an error becomes; one that nobody foresaw says nothing of itself. */
export function toRefusal(error: unknown): Refusal {
  // The contract's words: the address is the caller's own, and need not be said again.
  if (error instanceof AuthError && error.code === "email_taken")
    return { code: error.code, status: 400, message: "email already registered" };
  if (error instanceof AuthError) {
    const { code, message, retryAfter, isLocked, hasInvisibleCharacter } = error;
    return {
      code,
      status: statuses[code],
      message,
      retryAfter,
      isLocked,
      ...(hasInvisibleCharacter && { hasInvisibleCharacter }),
    };
  }
  if (error instanceof RequestError) {
    const { code, message } = error;
    return { code, status: statuses[code], message, closesConnection: code === "body_too_large" };
  }
  if (error instanceof DatabaseUnavailable) {
    const code = "database_unavailable";
    return { code, status: statuses[code], message: "the database does not answer; try again", retryAfter: 1 };
  }
  return { code: "internal", status: statuses.internal, message: "something went wrong here; it is in the log" };
}
