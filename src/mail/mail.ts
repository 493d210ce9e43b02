import type { Log } from "../observe/log.ts";
import type { Settings } from "../settings/settings.ts";
import { DevOutbox } from "./dev-outbox.ts";
import type { Mailer } from "./mailer.ts";

export { DevOutbox, type UnsentMail as WaitingMail } from "./dev-outbox.ts";
export { MailError } from "./mail-error.ts";

/**
 * What sends mails with these settings: the server of SMTP_URL, or an outbox in memory that the app shows at
 * `/dev/outbox`. Only the former loads what speaks SMTP.
 *
 * @example
 * const settings = readSettings();
 * const { mailer, outbox } = await createMailer(settings, silent);
 * const auth = new Auth(db, { settings, mailer });
 * const app = createApp(auth, { outbox });
 */
export async function createMailer(settings: Settings, log: Log): Promise<{ mailer: Mailer; outbox?: DevOutbox }> {
  if (settings.SMTP_URL !== null) {
    const { createSmtpMailer: smtp } = await import("./smtp.ts");
    return { mailer: smtp(settings.SMTP_URL, settings) };
  }
  const outbox = new DevOutbox(settings, log);
  return { mailer: outbox, outbox };
}
