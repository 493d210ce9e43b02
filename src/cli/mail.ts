import { type Command, InvalidArgumentError } from "commander";
import { silent } from "../observe/log.ts";
import type { Environment } from "../settings/settings.ts";
import { SettingsError } from "../settings/settings-error.ts";
import { isDeliverable, readEmail } from "../values/email.ts";
import { wholeNumber } from "./arguments.ts";
import { type ListMailOptions, listMails, type RetryMailOptions, retryMails } from "./mail-outbox.ts";
import { withAuth } from "./with-auth.ts";

export function declareMail(program: Command, environment: Environment): void {
  const mail = program.command("mail").description("Send a test email, and list or retry unsent emails");
  mail
    .command("test")
    .description("Send a test email now")
    .argument("<address>", "Email address of the recipient", deliverableAddress)
    .action((address: string) => sendTestMail(environment, address));
  mail
    .command("list")
    .description("List waiting emails, oldest first, and failed emails, newest first")
    .option("--limit <number>", "Maximum number of emails of each kind", wholeNumber(1, 10_000), 50)
    .option("--json", "Print JSON")
    .action((options: ListMailOptions) => withAuth(environment, (auth) => listMails(auth, options)));
  mail
    .command("retry")
    .description("Make the running service retry waiting emails now")
    .option("--failed", "Retry the failed emails instead")
    .option("--json", "Print JSON")
    .action((options: RetryMailOptions) => withAuth(environment, (auth) => retryMails(auth, options)));
}

function deliverableAddress(text: string): string {
  const address = readEmail(text);
  if (address !== null && isDeliverable(address)) return address;
  throw new InvalidArgumentError("It must be an email address.");
}

async function sendTestMail(environment: Environment, to: string): Promise<void> {
  const { readSettings } = await import("../settings/settings.ts");
  const settings = readSettings(environment);
  if (settings.SMTP_URL === null) {
    throw new SettingsError("SMTP_URL is none; set it to your mail server, such as smtps://USER:PASSWORD@HOST");
  }
  const { createMailer } = await import("../mail/mail.ts");
  const { mailer } = await createMailer(settings, silent);
  try {
    await mailer.send({ kind: "test", to, language: "en", at: Date.now() });
    console.log(`${new URL(settings.SMTP_URL).host} accepted a test email to ${to}`);
  } finally {
    await mailer.close();
  }
}
