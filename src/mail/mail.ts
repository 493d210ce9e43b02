import type { Log } from "../observe/log.ts";
import type { Settings } from "../settings/settings.ts";
import { DevOutbox } from "./dev-outbox.ts";
import type { Mailer } from "./mailer.ts";

export { DevOutbox, type UnsentMail } from "./dev-outbox.ts";
export { MailError } from "./mail-error.ts";

/**
 * Creates the mailer. If SMTP_URL is set, the mailer sends emails to that server. Otherwise, the mailer keeps emails in an in-memory outbox, which the app displays at `/dev/outbox` in development. The SMTP client is loaded only if SMTP_URL is set.
 *
 * @example
 * const settings = readSettings();
 * const { mailer, outbox } = await createMailer(settings, silent);
 * const auth = new Auth(db, { settings, mailer });
 * const app = createApp(auth, { outbox });
 */
export async function createMailer(settings: Settings, log: Log): Promise<{ mailer: Mailer; outbox?: DevOutbox }> {
  if (settings.SMTP_URL !== null) {
    const { createSmtpMailer } = await import("./smtp.ts");
    return { mailer: createSmtpMailer(settings.SMTP_URL, settings) };
  }
  const outbox = new DevOutbox(settings, log);
  return { mailer: outbox, outbox };
}
