/** Thrown when a mail could not be handed over. Its message is a line that may be logged: it holds no address. */
export class MailError extends Error {
  override name = "MailError";
  // Private, and so in no log: servers repeat addresses in what they say.
  readonly #said: string | undefined;

  constructor(message: string, said?: string) {
    super(message);
    this.#said = said;
  }

  /** The message with the server's own words, for whoever asked for the mail. */
  inFull(): string {
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
export function mailError(error: unknown, server: string): MailError {
  const failure = error as Failure;
  const status = failure.responseCode ? ` (${failure.responseCode})` : "";
  return new MailError(`the mail server ${server} ${explain(failure)}${status}`, failure.response);
}

function explain({ code, originalCode = "", command = "", responseCode, message = "" }: Failure): string {
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
  if (command === "RCPT TO") return "refuses the recipient";
  if (code === "EENVELOPE" || code === "EMESSAGE") return "refuses the mail";
  return `cannot be reached (${originalCode || code || "unknown"})`;
}
