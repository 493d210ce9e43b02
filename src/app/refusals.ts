import { AuthError, type AuthErrorCode, DatabaseUnavailable } from "../errors.ts";

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
  | "not_logged_in"
  | "reset_delivery";

/** A request that is refused before `Auth` is asked. */
export class RequestError extends Error {
  override name = "RequestError";
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, message: string) {
    super(message);
    this.code = code;
  }
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
  not_logged_in: 403,
  reset_delivery: 403,
  email_invalid: 400,
  email_taken: 400,
  password_missing: 400,
  password_too_short: 400,
  wrong_login: 401,
  unknown_email: 403,
  bad_reset_token: 403,
  busy: 503,
  database_unavailable: 503,
} as const satisfies Record<AuthErrorCode | RequestErrorCode | "database_unavailable", number>;

/** A refusal as it goes over the wire. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** Seconds. */
  readonly retryAfter?: number | undefined;
  /** The connection cannot be used again: what is left of the body is not read. */
  readonly close?: boolean;
}

/** What an error becomes; one that nobody foresaw says nothing of itself. */
export function refusal(error: unknown): Refusal {
  // The contract's words: the address is the caller's own, and need not be said again.
  if (error instanceof AuthError && error.code === "email_taken")
    return { status: 400, message: "email already registered" };
  if (error instanceof AuthError) {
    return { status: statuses[error.code], message: error.message, retryAfter: error.retryAfter };
  }
  if (error instanceof RequestError) {
    return { status: statuses[error.code], message: error.message, close: error.code === "body_too_large" };
  }
  if (error instanceof DatabaseUnavailable) {
    return { status: statuses.database_unavailable, message: "the database does not answer; try again", retryAfter: 1 };
  }
  return { status: statuses.internal, message: "something went wrong here; it is in the log" };
}
