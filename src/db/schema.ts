import type { Generated } from "kysely";

/** All tables and their keys, ordered so that each table follows the tables that it references. */
export const tables = {
  users: "id",
  sessions: "session_id",
  devices: "device_id",
  verifications: "id",
  former_emails: "id",
  mailed_tokens: "id",
  outbox: "id",
  failed_mails: "id",
  attempts: "key",
  events: "id",
  acts: "name",
  leases: "name",
} as const satisfies Record<keyof Schema, string>;

/** The columns of every table. Times are in milliseconds since the epoch. */
export interface Schema {
  users: UsersTable;
  sessions: SessionsTable;
  devices: DevicesTable;
  verifications: VerificationsTable;
  former_emails: FormerEmailsTable;
  mailed_tokens: MailedTokensTable;
  outbox: OutboxTable;
  failed_mails: FailedMailsTable;
  attempts: AttemptsTable;
  events: EventsTable;
  acts: ActsTable;
  leases: LeasesTable;
}

export interface UsersTable {
  id: Generated<number>;
  /** The key of the address, from `emailKey`. */
  email: string;
  hashed_password: string;
  /** SHA-256 of the token. */
  reset_token: string | null;
  reset_token_expires_at: number | null;
  email_verified_at: number | null;
  disabled_at: number | null;
  created_at: number;
  updated_at: number;
  /** The address as registered; null if it equals its key. Stale if an older node changed `email` afterwards. */
  email_spelling: string | null;
  /**
   * When the user registered, or first logged in after an operator added the account or the password was reset. If null, the next
   * login queues an email to the user, unless it comes from a known device.
   */
  known_since: number | null;
}

export interface SessionsTable {
  /** SHA-256 of the session id. */
  session_id: string;
  user_id: number;
  created_at: number;
  last_seen_at: number;
  expires_at: number;
  ip: string | null;
  user_agent: string | null;
  /** When the password was last confirmed; null if the session was opened without a password. */
  confirmed_at: number | null;
  /** SHA-256 of the id before the last renewal; null if there was none. */
  previous_id: string | null;
  renewed_at: number | null;
  /**
   * The nonce from which the current id was derived, with the previous id as the key. Null before the first renewal, and after a
   * sweep has deleted the nonce.
   */
  renewal_nonce: string | null;
  /** A random public id that never changes. Null for a session of an older version until it is first listed. */
  handle: string | null;
}

/** A device or network that is known to an account. Its login attempts are limited separately. */
export interface DevicesTable {
  /** SHA-256 of the device cookie and the user's id; for a network, of the network and the user's id. */
  device_id: string;
  user_id: number;
  created_at: number;
  last_seen_at: number;
  /**
   * 0 if the device redeemed the token that created the account and has not logged in since. The next device to log in then
   * counts as the account's first. Always 0 for a network.
   */
  logged_in: Generated<number>;
  /** When a network stops being known to the account; null for a device. */
  known_until: number | null;
  /**
   * SHA-256 of the cookie alone, to find the device in any account. Null for a network, and for a device that has not logged in
   * since this column was added.
   */
  cookie_id: string | null;
}

/** A pending email verification for a registration or an email change. */
export interface VerificationsTable {
  id: Generated<number>;
  /** The key of the address. */
  email: string;
  /** The password hash of the registration; null for an email change. */
  hashed_password: string | null;
  /** The account that changes its address; null for a registration. */
  user_id: number | null;
  /** SHA-256 of the mailed token; null until the mail server has accepted the email. */
  token: string | null;
  token_expires_at: number | null;
  /** SHA-256 of the reset token of a registration. Redeeming the token creates the account with a verified address. */
  reset_token: string | null;
  reset_token_expires_at: number | null;
  created_at: number;
  /** The address as given; null if it equals its key. */
  email_spelling: string | null;
}

/**
 * The previous address of an account. For seven days after the email change, a mailed token can undo the change, and a new
 * registration of the address needs email verification.
 */
export interface FormerEmailsTable {
  /** Ids ascend in the order of the email changes. */
  id: Generated<number>;
  user_id: number;
  /** The key of the address. */
  email: string;
  /** The address as given; null if it equals its key. */
  email_spelling: string | null;
  /** The kind of the device that confirmed the change, from a fixed list. */
  device: string | null;
  left_at: number;
}

/**
 * A token in an email. The token becomes valid before the email is sent, and invalidates earlier tokens only when the mail server
 * has accepted the email. From then on, the token is also stored in the row of its owner, unless the owner is a former address.
 */
export interface MailedTokensTable {
  /** Ids ascend in the order of creation. */
  id: Generated<number>;
  /** SHA-256 of the token. */
  token: string;
  /** `reset`, `verify` or `undo`. */
  purpose: string;
  /** The owner of the token: exactly one of these three columns is set. */
  user_id: number | null;
  verification_id: number | null;
  former_email_id: number | null;
  expires_at: number;
  /** When the mail server accepted the email; null until then. */
  accepted_at: number | null;
}

/** A queued email. If it contains a token, the token is created when the email is sent. */
export interface OutboxTable {
  id: Generated<number>;
  kind: string;
  /** The recipient: exactly one of these three columns is set. `email` is the key of an address. */
  user_id: number | null;
  verification_id: number | null;
  email: string | null;
  language: string;
  /** The kind of the device that the email mentions, from a fixed list. */
  device: string | null;
  created_at: number;
  next_try_at: number;
  tries: number;
  /** The address as given; null if it equals its key. */
  email_spelling: string | null;
  /** The number of events that the email reports: notices of one kind can be merged. */
  times: Generated<number>;
  /** The domain of the recipient; null if an older node queued the email. */
  domain: string | null;
  /**
   * The network that requested the email, or `unknown`. An email with a network counts toward the mail limits, because anyone can
   * request it. Null for notices, emails sent by an operator, and resets requested from a known device.
   */
  network: string | null;
}

/**
 * An email that is no longer retried, because the mail server rejected it, it could not be sent for a day, or too many emails
 * were requested. The outbox does not keep failed emails, because an older node would send them again.
 */
export interface FailedMailsTable {
  id: Generated<number>;
  kind: string;
  user_id: number | null;
  verification_id: number | null;
  email: string | null;
  email_spelling: string | null;
  language: string;
  device: string | null;
  times: number;
  domain: string | null;
  network: string | null;
  created_at: number;
  tries: number;
  failed_at: number;
  /** The reason for the failure, without any email address. */
  reason: string | null;
}

/** The attempts that count in a limit. */
export interface AttemptsTable {
  /** Identifies the limit and its subject, such as an account. */
  key: string;
  count: number;
  /** The end of the window. */
  ends_at: number;
}

/** The audit trail: one row per audit event. */
export interface EventsTable {
  id: Generated<number>;
  at: number;
  event: string;
  /** Null if the event concerns no account, or if the account was deleted. */
  user_id: number | null;
  ip: string | null;
  user_agent: string | null;
  /** The reason for the event, or the operator who caused it. */
  detail: string | null;
}

/**
 * The result of a recent request with an idempotency key, such as a submitted form. Each result is kept for a minute. If the
 * client repeats the request, the server returns the first result and does not execute the request again.
 */
export interface ActsTable {
  /** SHA-256 of the idempotency key, which only the client can derive. */
  name: string;
  /** The account or verification that the request created or changed, if it still exists. */
  user_id: number | null;
  verification_id: number | null;
  /** The nonce from which the id of the opened session is derived. */
  nonce: string | null;
  at: number;
}

/** A task that only one node runs at a time. */
export interface LeasesTable {
  name: string;
  /** The holder of the lease; null if the lease was released. */
  holder: string | null;
  ends_at: number;
  /** When the task was last completed. */
  done_at: number | null;
}
