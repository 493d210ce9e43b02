import type { Log } from "../observe/log.ts";
import type { Settings } from "../settings/settings.ts";
import type { Mail, Mailer, MailKind } from "./mailer.ts";
import { allStyles, compose, type Message, type MessageSettings } from "./messages.ts";
import { toRecipient } from "./recipient.ts";

/** An email kept in the outbox instead of being sent. */
export interface UnsentMail extends Message {
  readonly kind: MailKind;
  readonly to: string;
  /** The time of the event that the email reports, in ISO 8601 (UTC). */
  readonly at: string;
}

const maxMails = 50;

/** Keeps emails in memory instead of sending them, for development. The emails are lost when the process exits. */
export class DevOutbox implements Mailer {
  /** The styles of all emails, for the Content-Security-Policy of the page that displays the emails. */
  readonly styles = allStyles;
  readonly #settings: MessageSettings & Pick<Settings, "NODE_ENV">;
  readonly #log: Log;
  #mails: readonly UnsentMail[] = [];

  constructor(settings: MessageSettings & Pick<Settings, "NODE_ENV">, log: Log) {
    this.#settings = settings;
    this.#log = log;
  }

  /** The emails, newest first. */
  get mails(): readonly UnsentMail[] {
    return this.#mails;
  }

  async send(mail: Mail): Promise<void> {
    const { kind, at } = mail;
    const to = toRecipient(mail.to).address;
    const message = compose(mail, this.#settings);
    this.#mails = [{ kind, to, ...message, at: new Date(at).toISOString() }, ...this.#mails].slice(0, maxMails);
    if (this.#settings.NODE_ENV === "production") {
      this.#log.warn({ event: "mail_waits", kind }, "SMTP_URL is none: this email is not sent");
      return;
    }
    this.#log.info(
      { event: "mail_waits", kind, url: `${this.#settings.PUBLIC_URL}/dev/outbox` },
      "an email is in the outbox",
    );
  }

  async close(): Promise<void> {}
}
