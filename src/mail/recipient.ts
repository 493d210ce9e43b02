import { isDeliverable } from "../values/email.ts";
import { MailError } from "./mail-error.ts";

/** The recipient of a mail, in the form that the library takes. */
export interface Recipient {
  readonly name: string;
  readonly address: string;
}

/**
 * The recipient of a mail: exactly one address, and nothing that a mail program would read as several, as a name or as
 * a line of its own.
 *
 * @throws {MailError} for anything else
 */
export function toRecipient(to: string): Recipient {
  if (!isDeliverable(to)) throw new MailError("a mail goes to exactly one address", { fault: "mail" });
  return { name: "", address: to };
}
