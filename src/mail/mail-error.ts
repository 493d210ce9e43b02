import type { MailFault } from "./mailer.ts";

/** Thrown when a mail could not be handed over. Its message is a line that may be logged: it holds no address. */
export class MailError extends Error {
  override name = "MailError";
  /** Undefined for a failure that may pass by itself. */
  readonly fault: MailFault | undefined;
  // Private, and so in no log: servers repeat addresses in what they say.
  readonly #said: string | undefined;

  constructor(message: string, { said, fault }: { said?: string | undefined; fault?: MailFault | undefined } = {}) {
    super(message);
    this.#said = said;
    this.fault = fault;
  }

  /** The message with the server's own words, for whoever asked for the mail. */
  fullMessage(): string {
    return this.#said ? `${this.message}; it says: ${this.#said.replace(/[\s\p{C}]+/gu, " ").trim()}` : this.message;
  }
}

/** What nodemailer and Node tell of a failure. */
interface Failure {
  readonly code?: string;
  /** The system's or TLS's own code, where `code` is nodemailer's. */
  readonly originalCode?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
  readonly message?: string;
}

/**
 * Says in a line what went wrong, and the mend.
 *
 * @param server host and port
 */
export function toMailError(error: unknown, server: string): MailError {
  const failure = error as Failure;
  const status = failure.responseCode ? ` (${failure.responseCode})` : "";
  const fault = findFault(failure);
  const said = failure.response;
  return new MailError(`the mail server ${server} ${describeFailure(failure, fault)}${status}`, { said, fault });
}

/**
 * Distinguishes the refusal of one mail from the refusal of all mails of this service. Only a permanent answer (5yz: RFC 5321,
 * 4.2.1) to the recipient or the message is the mail's own.
 */
function findFault({ code, command, responseCode, response = "", message = "" }: Failure): MailFault | undefined {
  if (code === "EAUTH") return "settings";
  // Without an answer, nodemailer itself refuses an address.
  if (code === "EENVELOPE" && responseCode === undefined) return /sender/i.test(message) ? "settings" : "mail";
  if (responseCode === undefined || responseCode < 500 || responseCode > 599) return undefined;
  const isOfMail = command === "RCPT TO" || command === "DATA";
  return isOfMail && !rejectsService(responseCode, response) ? "mail" : "settings";
}

/** Many servers refuse a client or a sender only at the command that names the recipient. */
function rejectsService(responseCode: number, response: string): boolean {
  // Authentication (RFC 4954, 6), and the enhanced codes of senders, quotas and authentication (RFC 3463, RFC 7372, IANA).
  const ofService = /\b5\.(1\.[78]|4\.5|7\.([89]|1[0-4]|2\d|3\d))\b/;
  const words =
    /\brelay|authenticat|\bsender|client host|\b(your|sending) (ip|server|host|domain)|block(ed|list)|blacklist|spamhaus|\bdmarc|\bspf\b/i;
  return [503, 521, 530, 534, 535, 538].includes(responseCode) || ofService.test(response) || words.test(response);
}

function describeFailure(failure: Failure, fault: MailFault | undefined): string {
  const { code, originalCode = "", command = "", responseCode, message = "" } = failure;
  if (code === "EAUTH") return "refuses the user or password of SMTP_URL";
  if (/CERT|SIGNATURE|ERR_TLS_/.test(originalCode)) {
    return `has a certificate that is not trusted (${originalCode}); NODE_EXTRA_CA_CERTS=FILE names an authority of your own`;
  }
  if (command === "STARTTLS" || /STARTTLS/.test(message)) {
    return "offers no TLS, without which no password is sent (SMTP_URL's requireTLS)";
  }
  if (originalCode.startsWith("ERR_SSL_") || code === "ETLS") {
    return "speaks no TLS on this port: smtps:// is for those that begin with it, smtp:// for STARTTLS";
  }
  if (code === "EDNS") return "is not known by that name";
  if (code === "ETIMEDOUT") return "does not answer in time; where smtps:// is spoken, smtp:// gets no answer";
  if (code === "EABORT") return "takes too long over a mail";
  if (command === "MAIL FROM" && responseCode === 530) return "wants a user and password in SMTP_URL";
  if (command === "MAIL FROM") return "refuses MAIL_FROM";
  if (command === "RCPT TO" && fault === "settings") return "refuses what this service sends, whoever it is for";
  if (command === "RCPT TO") return "refuses the recipient";
  if (code === "EENVELOPE" || code === "EMESSAGE") return "refuses the mail";
  return `cannot be reached (${originalCode || code || "unknown"})`;
}
