import { isDeliverable } from "../values/email.ts";
import { MailError } from "./mail-error.ts";

/** A recipient in the format that nodemailer expects. */
export interface Recipient {
  readonly name: string;
  readonly address: string;
}

/**
 * Returns the recipient of an email.
 *
 * @throws {MailError} if `to` is not exactly one valid address. Mail software must not interpret `to` as several addresses, a
 * name or another header
 */
export function toRecipient(to: string): Recipient {
  if (!isDeliverable(to)) throw new MailError("the recipient is not one valid email address", { fault: "mail" });
  return { name: "", address: to };
}
