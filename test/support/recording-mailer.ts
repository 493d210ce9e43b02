import type { Mail, Mailer } from "../../src/mail/mailer.ts";

/** Collects emails instead of sending them. */
export class RecordingMailer implements Mailer {
  readonly sent: Mail[] = [];
  /** Called before each attempt to send. The attempt fails if it rejects. */
  beforeSend: () => Promise<void> = async () => {};

  async send(mail: Mail): Promise<void> {
    await this.beforeSend();
    this.sent.push(mail);
  }

  async close(): Promise<void> {}
}
