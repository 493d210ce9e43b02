/** Every mail that is sent. Those with a link hold a token. */
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

/** Every mail, in one language. */
export type MailTexts = { readonly [Kind in MailKind]: (facts: MailFacts) => MailText };

/** What a mail may name. A stranger writes none of it. */
export interface MailFacts {
  /** The service's name. */
  readonly service: string;
  /** Where people get help: an address; null if there is none. */
  readonly support: string | null;
  /** How long the link works, in words. */
  readonly lifetime: string;
  /** When it happened, in words. */
  readonly time: string;
  /** When a link ends that works from then on, in words. */
  readonly until: string;
  /** On what device, in words. */
  readonly device: string;
  /** How many events it reports; time and device are those of the last. */
  readonly times: number;
  /** Where a forgotten password is replaced; shown as a link. */
  readonly forgot: string;
}

/** What one mail says: its link stands between what is `before` and what is `after`, a paragraph each. */
export interface MailText {
  readonly subject: string;
  readonly before: readonly string[];
  /** What the link does, as its button says. */
  readonly link: string;
  readonly after: readonly string[];
}
