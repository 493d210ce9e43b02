import type { Generated } from "kysely";

/** Every table and its key, in an order in which no row comes before one that it refers to. */
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

/** The tables, column by column. Times are milliseconds since 1970 (UTC); `null` is never 0. */
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
  /** The address's key: `emailKey`. */
  email: string;
  hashed_password: string;
  /** SHA-256 of the token. */
  reset_token: string | null;
  reset_token_expires_at: number | null;
  email_verified_at: number | null;
  disabled_at: number | null;
  created_at: number;
  updated_at: number;
  /**
   * The address as it was registered; null if that is its key. If an older node has changed `email`, this belongs to another
   * key.
   */
  email_spelling: string | null;
  /**
   * When the owner registered the account, or first logged in since it was imported or its password was reset. Null until then:
   * the owner gets a mail of the next login.
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
  /** When the password was last given; null for a session that was opened without it. */
  confirmed_at: number | null;
  /** SHA-256 of the id before the last renewal; null for a session that was never renewed. */
  previous_id: string | null;
  renewed_at: number | null;
  /** The nonce that the present id was derived from, with the previous id as the key; null once the previous id is invalid. */
  renewal_nonce: string | null;
  /**
   * The session's public name, random and kept for its life; null for a session that an older version opened, until it is
   * first listed.
   */
  handle: string | null;
}

/** A device that has logged in to an account: it keeps tries of its own. */
export interface DevicesTable {
  /** SHA-256 of the device's cookie and the user's id; or of the network of a reset. */
  device_id: string;
  user_id: number;
  created_at: number;
  last_seen_at: number;
  /** 0 if it has only confirmed the registration: the first login is from no additional device. */
  logged_in: Generated<number>;
  /** Set for a network, which counts as a device until then. */
  known_until: number | null;
  /** SHA-256 of the cookie alone: whether any account knows it. Null until the first login since this column exists. */
  cookie_id: string | null;
}

/** An address that waits to be confirmed: of a registration, or of an account that moves to it. */
export interface VerificationsTable {
  id: Generated<number>;
  /** The address's key. */
  email: string;
  /** The hash of the registration's password; null for an account that moves. */
  hashed_password: string | null;
  /** The account that moves; null for a registration. */
  user_id: number | null;
  /** SHA-256 of the mailed token, once it is mailed. */
  token: string | null;
  token_expires_at: number | null;
  /** SHA-256 of the token of a mailed reset, which confirms too. */
  reset_token: string | null;
  reset_token_expires_at: number | null;
  created_at: number;
  /** The address in the given spelling; null if that is its key. */
  email_spelling: string | null;
}

/**
 * An address that an account has left. For seven days a mailed token brings the account back to it, and nobody can register it
 * without confirming it.
 */
export interface FormerEmailsTable {
  /** Ascending in the order of the moves. */
  id: Generated<number>;
  user_id: number;
  /** The address's key. */
  email: string;
  /** The address in the given spelling; null if that is its key. */
  email_spelling: string | null;
  /** The kind of device that confirmed the move, of a closed list. */
  device: string | null;
  left_at: number;
}

/**
 * A token in a mail. It is valid from before the mail is sent, beside the previous one, and replaces that once the mail is
 * accepted. Until then it is stored only here, and afterwards in its owner's row too, unless that is a former address.
 */
export interface MailedTokensTable {
  /** Ascending in the order of creation. */
  id: Generated<number>;
  /** SHA-256 of the token. */
  token: string;
  /** `reset`, `verify` or `undo`. */
  purpose: string;
  /** Its owner: exactly one of the three is set. */
  user_id: number | null;
  verification_id: number | null;
  former_email_id: number | null;
  expires_at: number;
  /** When the mail server accepted its mail. */
  accepted_at: number | null;
}

/** A mail that waits to be sent. It holds no token: that is made when it is sent. */
export interface OutboxTable {
  id: Generated<number>;
  kind: string;
  /** Its recipient: exactly one of the three is set; of an address, its key. */
  user_id: number | null;
  verification_id: number | null;
  email: string | null;
  language: string;
  /** The kind of device that it tells of, of a closed list. */
  device: string | null;
  created_at: number;
  next_try_at: number;
  tries: number;
  /** The address in the given spelling; null if that is its key. */
  email_spelling: string | null;
  /** How many events it reports: notices of one kind are merged. */
  times: Generated<number>;
  /** The domain of its recipient; null from an older node. */
  domain: string | null;
  /**
   * Set for a mail that anybody can request, which counts toward the caps: the network that requested it, or `unknown`. Null
   * for notices, for mails that an operator sends, and for a reset that was requested from a known device.
   */
  network: string | null;
}

/** A mail that the mail server refused for good. Apart from the outbox, where an older node would send it again. */
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
  /** Why, without an address. */
  reason: string | null;
}

/** How often something limited was tried. */
export interface AttemptsTable {
  /** What is limited, and whose tries these are. */
  key: string;
  count: number;
  /** When counting begins anew. */
  ends_at: number;
}

/** The audit trail. */
export interface EventsTable {
  id: Generated<number>;
  at: number;
  event: string;
  /** Null for nobody's, and for those of an account that is no more. */
  user_id: number | null;
  ip: string | null;
  user_agent: string | null;
  /** Why, or by whom. */
  detail: string | null;
}

/** What was done a moment ago: the same request is answered as done instead of being done again. */
export interface ActsTable {
  /** SHA-256 of the name that only the browser that sent it knows. */
  name: string;
  /** Its target, if that outlives it. */
  user_id: number | null;
  verification_id: number | null;
  /** The nonce that the id of the opened session is derived from. */
  nonce: string | null;
  at: number;
}

/** Work that one of several nodes does at a time. */
export interface LeasesTable {
  name: string;
  /** The node that does it; null for none. */
  holder: string | null;
  ends_at: number;
  /** When it was last done to its end. */
  done_at: number | null;
}
