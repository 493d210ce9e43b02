import type { MailFault } from "./mailer.ts";

/** Thrown if an email cannot be sent. The error message is one line without addresses, so it can be logged. */
export class MailError extends Error {
  override name = "MailError";
  /** Undefined for a temporary failure. */
  readonly fault: MailFault | undefined;
  // Private, so that it is not logged: SMTP servers repeat addresses in their responses.
  readonly #response: string | undefined;

  constructor(
    message: string,
    { response, fault }: { response?: string | undefined; fault?: MailFault | undefined } = {},
  ) {
    super(message);
    this.#response = response;
    this.fault = fault;
  }

  /** Returns the message and the response of the server. Do not log the result, because it may contain addresses. */
  fullMessage(): string {
    return this.#response
      ? `${this.message}; response: ${this.#response.replace(/[\s\p{C}]+/gu, " ").trim()}`
      : this.message;
  }
}

/** The properties of errors that nodemailer and Node throw. */
interface Failure {
  readonly code?: string;
  /** The system or TLS error code, if `code` is a code of nodemailer. */
  readonly originalCode?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
  readonly message?: string;
}

/**
 * Converts a nodemailer error to a `MailError`. The message describes the problem in one line and, if possible, the fix.
 *
 * @param server host and port
 */
export function toMailError(error: unknown, server: string): MailError {
  const failure = error as Failure;
  const status = failure.responseCode ? ` (${failure.responseCode})` : "";
  const fault = findFault(failure);
  const description = describeFailure(failure, fault);
  return new MailError(`the mail server ${server} ${description}${status}`, { response: failure.response, fault });
}

/**
 * Returns `mail` if this email is rejected permanently, `settings` if the server rejects every email of this service, and
 * undefined otherwise. Of the server's responses, only a permanent one (5yz: RFC 5321, 4.2.1) to the recipient or the message can
 * be about this email alone.
 */
function findFault({ code, command, responseCode, response = "", message = "" }: Failure): MailFault | undefined {
  if (code === "EAUTH") return "settings";
  // If there is no response, nodemailer itself rejected an address.
  if (code === "EENVELOPE" && responseCode === undefined) return /sender/i.test(message) ? "settings" : "mail";
  if (responseCode === undefined || responseCode < 500 || responseCode > 599) return undefined;
  const isAboutMail = command === "RCPT TO" || command === "DATA";
  return isAboutMail && !rejectsService(responseCode, response) ? "mail" : "settings";
}

/** Returns true if the server rejects this client or sender. Many servers do so only in response to RCPT TO. */
function rejectsService(responseCode: number, response: string): boolean {
  // Enhanced codes for senders, quotas and authentication (RFC 3463, RFC 7372, IANA). The basic codes below include
  // those for authentication (RFC 4954, 6).
  const ofService = /\b5\.(1\.[78]|4\.5|7\.([89]|1[0-4]|2\d|3\d))\b/;
  const words =
    /\brelay|authenticat|\bsender|client host|\b(your|sending) (ip|server|host|domain)|block(ed|list)|blacklist|spamhaus|\bdmarc|\bspf\b/i;
  return [503, 521, 530, 534, 535, 538].includes(responseCode) || ofService.test(response) || words.test(response);
}

function describeFailure(failure: Failure, fault: MailFault | undefined): string {
  const { code, originalCode = "", command = "", responseCode, message = "" } = failure;
  if (code === "EAUTH") return "rejects the user or password of SMTP_URL";
  if (/CERT|SIGNATURE|ERR_TLS_/.test(originalCode)) {
    return `has a certificate that is not trusted (${originalCode}); to trust your own certificate authority, set NODE_EXTRA_CA_CERTS to the path of its certificate`;
  }
  if (command === "STARTTLS" || /STARTTLS/.test(message)) {
    return "does not offer TLS, which is required (see requireTLS in SMTP_URL)";
  }
  if (originalCode.startsWith("ERR_SSL_") || code === "ETLS") {
    return "does not accept TLS connections on this port; for STARTTLS, use smtp://";
  }
  if (code === "EDNS") return "has an unknown host name";
  if (code === "ETIMEDOUT") return "does not respond in time; if the port expects TLS, use smtps://";
  if (code === "EABORT") return "takes too long to accept an email";
  if (command === "MAIL FROM" && responseCode === 530) return "requires a user and password in SMTP_URL";
  if (command === "MAIL FROM") return "rejects MAIL_FROM";
  if (command === "RCPT TO" && fault === "settings") return "rejects every email of this service";
  if (command === "RCPT TO") return "rejects the recipient";
  if (code === "EENVELOPE" || code === "EMESSAGE") return "rejects the email";
  return `cannot be reached (${originalCode || code || "unknown"})`;
}
