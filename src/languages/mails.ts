/** The kinds of email that the service sends. */
export type MailKind =
  | "confirm_email"
  | "already_registered"
  | "invitation"
  | "reset_password"
  | "password_changed"
  | "new_device"
  | "email_changing"
  | "email_changed"
  | "email_change_undone"
  | "account_deleted"
  | "account_removed"
  | "confirm_new_email"
  | "test";

/** The texts of all emails in one language. */
export type MailTexts = { readonly [Kind in MailKind]: (facts: MailFacts) => MailText };

/** The values that an email may contain. An attacker controls none of these values, so an email never contains an attacker's text. */
export interface MailFacts {
  /** The value of `SERVICE_NAME`. */
  readonly service: string;
  /** The email address for support; null if there is none. */
  readonly support: string | null;
  /** The lifetime of the link in words, such as `1 hour`. */
  readonly lifetime: string;
  /** The time of the event, formatted for the language. */
  readonly time: string;
  /** When the link expires, formatted for the language. */
  readonly until: string;
  /** The device of the event, in words. */
  readonly device: string;
  /** Number of events that the email reports. `time` and `device` describe the last event. */
  readonly times: number;
  /** The URL of the page that requests a password reset. */
  readonly forgot: string;
}

/** The text of one email: the subject, the label of the link, and the paragraphs before and after the link. */
export interface MailText {
  readonly subject: string;
  readonly before: readonly string[];
  /** The label of the button. */
  readonly link: string;
  readonly after: readonly string[];
}
