import type { Language } from "../languages/languages.ts";
import type { MailKind } from "../languages/mails.ts";
import type { DeviceKind } from "../values/device-kind.ts";

export type { Language, MailKind };

/** An email to one address. The address is the only value that an attacker can control. */
export interface Mail {
  readonly kind: MailKind;
  /** The recipient, as registered. */
  readonly to: string;
  readonly language: Language;
  /** The token in the link, for kinds of email whose link has a token. */
  readonly token?: string;
  /** The browser and system of the event; null if unknown. */
  readonly device?: DeviceKind | null;
  /** Number of events that the email reports, by default 1. `device` and `at` describe the last event. */
  readonly times?: number;
  /** The time of the event, in milliseconds since the epoch. */
  readonly at: number;
}

/**
 * The optional `fault` of an error that a `Mailer` throws. `mail`: this email is rejected permanently and is not sent again.
 * `settings`: the server rejects the login or the sender of this service, which the operator can fix.
 */
export type MailFault = "mail" | "settings";

export interface Mailer {
  /**
   * Resolves when the email is accepted for delivery. Otherwise rejects with an error. The error message must not contain an
   * address, because it is logged. The email is sent again later, unless the `fault` of the error is `mail`.
   */
  send(mail: Mail): Promise<void>;
  close(): Promise<void>;
}
