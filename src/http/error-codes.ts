import type { RefusalCode } from "../errors.ts";

/** Describes an `Error-Code`. `docs/errors.md` is generated from these descriptions. */
export interface ErrorCodeInfo {
  readonly status: number;
  /** The message of the response; `…` stands for a part that varies. */
  readonly message: string;
  readonly when: string;
  /** How to fix it. */
  readonly remedy: string;
}

/** The codes of the app. */
export const errorCodes = {
  body_malformed: {
    status: 400,
    message: "the body …",
    when: "The body is not a form or a JSON object, is not UTF-8 or not well-formed Unicode, is incomplete, has more than 100 fields, or has a part that is not plain UTF-8 (such as base64).",
    remedy: "Fix the client.",
  },
  body_too_large: {
    status: 413,
    message: "the body is over 16384 bytes",
    when: "The body is larger than 16 KiB.",
    remedy: "Send only the fields that the endpoint accepts.",
  },
  body_type_unsupported: {
    status: 415,
    message:
      "the body must be application/x-www-form-urlencoded, multipart/form-data or application/json, in plain UTF-8",
    when: "`Content-Type` is missing or unsupported, its charset is not UTF-8, or the body is compressed.",
    remedy: "Use one of the three types, without `Content-Encoding`.",
  },
  cross_site: {
    status: 403,
    message: "requests from pages of other sites are not allowed",
    when: "A page of another origin made the request.",
    remedy:
      "Send the request from the origin of the service, or add your origin to CORS_ORIGINS. If the page belongs to the service itself, set PUBLIC_URL to the origin that users see.",
  },
  field_missing: {
    status: 400,
    message: "… is missing",
    when: "A required field is missing, empty or not text. Endpoints without this code treat it as a wrong value.",
    remedy: "Send the field.",
  },
  field_repeated: {
    status: 400,
    message: "… must be given once, as text",
    when: "A field or query parameter is repeated, or a field is a list, an object or a file.",
    remedy: "Send it once.",
  },
  internal: {
    status: 500,
    message: "internal error; the log has the details",
    when: "The service has a bug, or its settings are invalid.",
    remedy: "Search the log for the value of `X-Request-Id` or for `unexpected error`, and report the bug.",
  },
  method_not_allowed: {
    status: 405,
    message: "method not allowed; …",
    when: "The path does not support the method.",
    remedy: "Use a method from the `Allow` header.",
  },
  not_found: {
    status: 404,
    message: "not found",
    when: "The path does not exist, or is hidden from the caller. No path ends with a slash, except `/`. Repeated slashes count as one.",
    remedy: "Check the path.",
  },
  reset_delivery: {
    status: 403,
    message:
      "reset tokens are returned only to programs on the same machine that call localhost or an address of that machine, without a proxy; RESET_DELIVERY=response returns them to every caller",
    when: "A reset token was requested from another machine, through a proxy, or at a host name other than `localhost`.",
    remedy:
      "Call the service from its own machine, at `localhost` or one of its IP addresses. Set RESET_DELIVERY=response only if you trust all callers.",
  },
  email_invalid: {
    status: 400,
    message: "email is not a valid address",
    when: "The address is not printable ASCII, or is over 250 characters. Addresses that an HTML email input rejects also get this code in an email change, and everywhere if EMAIL_FORMAT is `address`. The message says if the address contains an invisible character.",
    remedy: "Correct the address. If it was pasted, type it.",
  },
  email_taken: {
    status: 400,
    message: "email already registered",
    when: "An account has the address, in any letter case. Or an account had it until an email change within the last seven days, and the registration does not verify the address.",
    remedy:
      "Log in, or reset the password. To undo an email change, first delete the account that has the address now, or change its address.",
  },
  email_unchanged: {
    status: 400,
    message: "the account already has this email address",
    when: "The new address of an email change is the current one, in any letter case. No email is sent.",
    remedy: "Choose another address.",
  },
  password_missing: {
    status: 400,
    message: "password is missing",
    when: "A password reset or change has no new password.",
    remedy: "Send `new_password`.",
  },
  password_too_short: {
    status: 400,
    message: "password is too short: it needs … characters or more",
    when: "The password has fewer characters than PASSWORD_MIN_LENGTH.",
    remedy: "Choose a longer password.",
  },
  password_common: {
    status: 400,
    message: "password is too common",
    when: "The password is on the list of common passwords, in any letter case. PASSWORD_BLOCKLIST turns this check on or off.",
    remedy: "Choose another password.",
  },
  password_personal: {
    status: 400,
    message: "password is too similar to the email address or the name of this service",
    when: "The password is the email address, a part of it, or the name or host of the service, with little more than digits added. PASSWORD_BLOCKLIST turns this check on or off.",
    remedy: "Choose another password.",
  },
  password_breached: {
    status: 400,
    message: "password has appeared in a data breach",
    when: "Have I Been Pwned lists the password. PASSWORD_BREACH_CHECK turns this check on or off.",
    remedy: "Choose another password, and change this one wherever else it is used.",
  },
  not_logged_in: {
    status: 403,
    message: "not logged in",
    when: "The request has no session cookie, or its session has ended.",
    remedy: "Log in.",
  },
  wrong_login: {
    status: 401,
    message: "wrong email or password",
    when: "The email or the password is wrong or missing. The response does not reveal which. The message says if the email contains an invisible character.",
    remedy: "Try again, or reset the password.",
  },
  email_not_verified: {
    status: 403,
    message: "email not verified",
    when: "Email and password are right, but the address of the account is not verified, for example because the account was imported. A registration becomes an account when its address is verified. Until then, the code is `wrong_login`.",
    remedy: "Follow the link in the email. `POST /email_verification` sends it again.",
  },
  wrong_password: {
    status: 403,
    message: "wrong password",
    when: "The current password that a logged-in user sent is wrong. This counts as a failed login.",
    remedy: "Try again.",
  },
  password_needed: {
    status: 403,
    message: "password confirmation required",
    when: "The password was not confirmed in this session within the last 10 minutes.",
    remedy: "Send `POST /sessions/confirm` with the password, then retry.",
  },
  unknown_email: {
    status: 403,
    message: "no account has this email",
    when: "A reset token was requested for an address without an account. The message says if the address contains an invisible character.",
    remedy: "Register.",
  },
  unknown_session: {
    status: 404,
    message: "no such session",
    when: "The session has ended, or belongs to another user.",
    remedy: "Get the current list with `GET /sessions`.",
  },
  page_invalid: {
    status: 400,
    message: "… must be …",
    when: "`limit` is not a whole number from 1 to 100, or `after` is not the `next` of an earlier page.",
    remedy: "Correct `limit`, and send `next` unchanged as `after`.",
  },
  bad_reset_token: {
    status: 403,
    message: "the reset token is wrong, used or expired",
    when: "The token is wrong, used, expired or replaced by a newer one, or the email is not that of its account.",
    remedy: "Request a new token.",
  },
  bad_undo_token: {
    status: 403,
    message: "the token is wrong, used or expired",
    when: "The token is wrong, used, expired or replaced by a newer one, the account is disabled, or the email is not the previous address.",
    remedy:
      "Request a password reset for the previous address: while the email change can be undone, this sends a new link.",
  },
  bad_verify_token: {
    status: 403,
    message: "the token is wrong, used or expired, or the password is wrong",
    when: "The token is wrong, used or expired, or the password is wrong. It must be the password of the registration or, for an email change, of the account.",
    remedy: "Request a new email, or send the right password.",
  },
  too_many_tries: {
    status: 429,
    message: "too many …",
    when: "A limit on failed logins, registrations, emails or wrong tokens is reached. After too many wrong passwords in a row, the message says to reset the password. If CONCEAL_ACCOUNTS is on, a registration or a request for an email never gets this error because of other clients' requests for the same address.",
    remedy:
      "Wait the number of seconds in `Retry-After`, then retry. After too many wrong passwords in a row, reset the password or use a device that the account knows.",
  },
  busy: {
    status: 503,
    message: "too many logins; try again in …",
    when: "More passwords wait to be hashed than the service can hash in five seconds, and the caller's network has used its share of the queue. Or no hash thread can start.",
    remedy: "Wait the number of seconds in `Retry-After`, then retry.",
  },
  database_unavailable: {
    status: 503,
    message: "the database is unavailable; try again",
    when: "The database is locked, full, read-only, damaged or unreachable.",
    remedy:
      "Wait the number of seconds in `Retry-After`, then retry. Operators: search the log for the event `unavailable`.",
  },
} as const satisfies Record<RefusalCode, ErrorCodeInfo>;

/** The code that only pages return. */
export const formStale = {
  status: 403,
  message: "",
  when: "The form was not loaded by this browser, or was loaded for another account. The response shows the form again.",
  remedy: "Submit the form again.",
} as const satisfies ErrorCodeInfo;
