import { silent } from "../observe/log.ts";
import type { Environment } from "../settings/settings.ts";
import { SettingsError } from "../settings/settings-error.ts";
import { isDeliverable, readEmail } from "../values/email.ts";
import { type Command, UsageError } from "./command.ts";
import { listMails, retryMails } from "./mail-outbox.ts";

/** What an operator does with mails, by its name. */
const acts: Readonly<Record<string, (args: string[], environment: Environment) => Promise<void>>> = {
  test,
  list: listMails,
  retry: retryMails,
};

/** Whether mails go out. */
export const mail: Command = {
  summary: "send a test mail now, look at the mails that wait or have failed, or have them tried now",
  usage: "mail test ADDRESS | mail list [--limit N] [--json] | mail retry [--failed] [--json]",
  async run([name = "", ...args], environment) {
    const act = Object.hasOwn(acts, name) ? acts[name] : undefined;
    if (act === undefined) throw new UsageError();
    await act(args, environment);
  },
};

async function test(args: string[], environment: Environment): Promise<void> {
  const to = readEmail(args[0] ?? "");
  if (to === null || args.length > 1 || !isDeliverable(to)) throw new UsageError();
  const { readSettings } = await import("../settings/settings.ts");
  const settings = readSettings(environment);
  if (settings.SMTP_URL === null) {
    throw new SettingsError("SMTP_URL is none: name the server that sends mails, such as smtps://USER:PASSWORD@HOST");
  }
  const { createMailer } = await import("../mail/mail.ts");
  const { mailer } = await createMailer(settings, silent);
  try {
    await mailer.send({ kind: "test", to, language: "en", at: Date.now() });
    console.log(`${new URL(settings.SMTP_URL).host} has taken a test mail to ${to}`);
  } finally {
    await mailer.close();
  }
}
