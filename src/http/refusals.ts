import { AuthError, DatabaseUnavailable, type RefusalCode, type RequestErrorCode } from "../errors.ts";
import { errorCodes } from "./error-codes.ts";

/** Thrown for a request that is rejected before it reaches `Auth`. */
export class RequestError extends Error {
  override name = "RequestError";
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function notFoundError(): RequestError {
  return new RequestError("not_found", "not found");
}

/** An error response. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly status: number;
  readonly message: string;
  /** Seconds. */
  readonly retryAfter?: number | undefined;
  /** The account is locked: waiting does not help, a password reset does. */
  readonly isLocked?: boolean;
  /** The email contains an invisible character. */
  readonly hasInvisibleCharacter?: boolean;
  /** Close the connection afterwards, because the rest of the body is not read. */
  readonly closesConnection?: boolean;
}

/** Returns the error response for an error. The response to an unexpected error reveals nothing about it. */
export function toRefusal(error: unknown): Refusal {
  // The contract's message. The message of the error contains the address.
  if (error instanceof AuthError && error.code === "email_taken")
    return { code: error.code, status: 400, message: "email already registered" };
  if (error instanceof AuthError) {
    const { code, message, retryAfter, isLocked, hasInvisibleCharacter } = error;
    return {
      code,
      status: errorCodes[code].status,
      message,
      retryAfter,
      isLocked,
      ...(hasInvisibleCharacter && { hasInvisibleCharacter }),
    };
  }
  if (error instanceof RequestError) {
    const { code, message } = error;
    return { code, status: errorCodes[code].status, message, closesConnection: code === "body_too_large" };
  }
  if (error instanceof DatabaseUnavailable) {
    const code = "database_unavailable";
    return { code, status: errorCodes[code].status, message: "the database is unavailable; try again", retryAfter: 1 };
  }
  return { code: "internal", status: errorCodes.internal.status, message: "internal error; the log has the details" };
}
