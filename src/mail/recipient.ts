import { isDeliverable } from "../values/email.ts";
import { MailError } from "./mail-error.ts";

/** A recipient in the form that nodemailer expects. */
export interface Recipient {
  readonly name: string;
  readonly address: string;
}

/**
 * Returns the recipient of an email.
 *
 * @throws {MailError} unless it is exactly one address: an email client must not read it as several addresses, as a name or as
 * another header
 */
export function toRecipient(to: string): Recipient {
  if (!isDeliverable(to)) throw new MailError("an email has exactly one recipient", { fault: "mail" });
  return { name: "", address: to };
}
