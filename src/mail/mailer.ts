import type { Language } from "../languages/languages.ts";
import type { MailKind } from "../languages/mails.ts";
import type { DeviceKind } from "../values/device-kind.ts";

export type { Language, MailKind };

/** A mail to one person. Nothing in it is a stranger's to choose. */
export interface Mail {
  readonly kind: MailKind;
  /** The address as it is registered. */
  readonly to: string;
  readonly language: Language;
  /** What the link holds, for those that have one. */
  readonly token?: string;
  /** The browser and system that it was done on; null when they are none that is known. */
  readonly device?: DeviceKind | null;
  /** How many events it reports; the other facts are those of the last. 1 by default. */
  readonly times?: number;
  /** When what it tells of happened, in milliseconds since 1970 (UTC). */
  readonly at: number;
}

/**
 * The optional `fault` of an error that a `Mailer` throws: `mail`, if the server refuses this mail for good, so that it is not
 * tried again; `settings`, if it refuses this service (its login or its sender), which the operator can fix.
 */
export type MailFault = "mail" | "settings";

/** What sends mails. */
export interface Mailer {
  /**
   * Resolves when it was handed over. Rejects otherwise, in words that may be logged: no address. The mail is tried again, unless
   * the error has the `fault` `mail`.
   */
  send(mail: Mail): Promise<void>;
  close(): Promise<void>;
}
