import type { Caller } from "../caller.ts";

/** The names of all audit events. */
export type EventName =
  | "account_deleted"
  | "account_disabled"
  | "account_enabled"
  | "account_exported"
  | "account_invited"
  | "accounts_adopted"
  | "accounts_exported"
  | "accounts_imported"
  | "email_change_asked"
  | "email_change_refused"
  | "email_change_undone"
  | "email_changed"
  | "email_undo_refused"
  | "email_verified"
  | "limited"
  | "logged_in"
  | "logged_out"
  | "login_refused"
  | "mails_retried"
  | "operation_refused"
  | "password_changed"
  | "password_confirmed"
  | "password_needed"
  | "password_refused"
  | "password_reset"
  | "registration_asked"
  | "registration_refused"
  | "request_refused"
  | "reset_asked"
  | "reset_refused"
  | "reset_token_made"
  | "sessions_ended"
  | "user_registered"
  | "verification_asked"
  | "verification_refused";

/** The details of an audit event. */
export interface EventDetails {
  readonly caller?: Caller;
  readonly userId?: number | undefined;
  /** The address of the account, if the account was not looked up. */
  readonly address?: string | undefined;
  /** The reason, or the actor. */
  readonly detail?: string;
  /** Whether the event changed something. By default, this depends on its name. */
  readonly changed?: boolean;
  /** The number of occurrences; 1 by default. */
  readonly times?: number;
}
