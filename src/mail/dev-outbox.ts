import type { Log } from "../observe/log.ts";
import type { Settings } from "../settings/settings.ts";
import type { Mail, Mailer, MailKind } from "./mailer.ts";
import { allStyles, compose, type Message, type MessageSettings } from "./messages.ts";
import { toRecipient } from "./recipient.ts";

/** A mail that was not sent. */
export interface UnsentMail extends Message {
  readonly kind: MailKind;
  readonly to: string;
  /** When what it tells of happened: ISO 8601, UTC. */
  readonly at: string;
}

/** How many mails are kept. */
const maxMails = 50;

/** Where mails wait for whoever develops, as no server sends them. In memory: they end with the process. */
export class DevOutbox implements Mailer {
  /** All that styles them, for a policy that permits no other style. */
  readonly styles = allStyles;
  readonly #settings: MessageSettings & Pick<Settings, "NODE_ENV">;
  readonly #log: Log;
  #mails: readonly UnsentMail[] = [];

  constructor(settings: MessageSettings & Pick<Settings, "NODE_ENV">, log: Log) {
    this.#settings = settings;
    this.#log = log;
  }

  /** The newest first. */
  get mails(): readonly UnsentMail[] {
    return this.#mails;
  }

  async send(mail: Mail): Promise<void> {
    const { kind, at } = mail;
    const to = toRecipient(mail.to).address;
    const message = compose(mail, this.#settings);
    this.#mails = [{ kind, to, ...message, at: new Date(at).toISOString() }, ...this.#mails].slice(0, maxMails);
    if (this.#settings.NODE_ENV === "production") {
      this.#log.warn({ event: "mail_waits", kind }, "SMTP_URL is none: nobody gets this mail");
      return;
    }
    this.#log.info({ event: "mail_waits", kind, url: `${this.#settings.PUBLIC_URL}/dev/outbox` }, "a mail waits");
  }

  async close(): Promise<void> {}
}
