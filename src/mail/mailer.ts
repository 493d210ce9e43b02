import type { Language } from "../languages/languages.ts";
import type { MailKind } from "../languages/mails.ts";
import type { DeviceKind } from "../values/device-kind.ts";

export type { Language, MailKind };

/** An email to one address. Apart from the address, an attacker controls none of its values. */
export interface Mail {
  readonly kind: MailKind;
  /** The recipient, as registered. */
  readonly to: string;
  readonly language: Language;
  /** The token in the link, for kinds that have one. */
  readonly token?: string;
  /** The browser and system of the event; null if unknown. */
  readonly device?: DeviceKind | null;
  /** Number of events that the email reports, 1 by default. The other values are those of the last one. */
  readonly times?: number;
  /** The time of the event, in milliseconds since the epoch. */
  readonly at: number;
}

/**
 * The optional `fault` of an error that a `Mailer` throws. `mail`: the server rejects this email permanently, so it is not sent
 * again. `settings`: the server rejects the login or the sender of this service, which the operator can fix.
 */
export type MailFault = "mail" | "settings";

export interface Mailer {
  /**
   * Resolves when the email is accepted for delivery. Otherwise rejects with an error whose message contains no address,
   * because it is logged. The email is sent again later, unless the `fault` of the error is `mail`.
   */
  send(mail: Mail): Promise<void>;
  close(): Promise<void>;
}
