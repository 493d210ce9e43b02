import nodemailer from "nodemailer";
import type MimeNode from "nodemailer/lib/mime-node";
import { parseSender } from "../settings/mail-from.ts";
import type { Settings } from "../settings/settings.ts";
import { toMailError } from "./mail-error.ts";
import type { Mailer } from "./mailer.ts";
import { compose, type MessageSettings } from "./messages.ts";
import { type Recipient, toRecipient } from "./recipient.ts";

/** In milliseconds. */
const defaultTimeout = 10_000;

/**
 * Creates a mailer that sends emails to the SMTP server of `url` and reuses connections. The mailer verifies certificates, and
 * uses TLS if the server offers it. The mailer sends a password only over TLS, except to this machine or with
 * `?requireTLS=false`.
 *
 * @param timeout the maximum time until the greeting of the server, in milliseconds. Sending an email may take six times as long,
 * because servers scan an email before accepting it. If the client gave up too early, the email could arrive twice
 */
export function createSmtpMailer(
  url: string,
  settings: MessageSettings & Pick<Settings, "MAIL_FROM">,
  timeout = defaultTimeout,
): Mailer {
  const server = parseUrl(url);
  const transport = nodemailer.createTransport({
    ...server,
    pool: true,
    // The maximum number of emails that `Auth` sends at the same time. A new connection is opened only if all others are busy.
    maxConnections: 40,
    // Retries once if the server has closed an idle connection. The outbox handles all other retries.
    maxRequeues: 1,
    // Covers everything from the DNS lookup to the greeting.
    connectionTimeout: timeout,
  });
  transport.use("stream", ({ data, message }, done) => {
    keepSpelling(message, (data.to as Recipient).address);
    done();
  });
  const from = parseSender(settings.MAIL_FROM) ?? { name: "", address: settings.MAIL_FROM };
  return {
    async send(mail) {
      const to = toRecipient(mail.to);
      const message = compose(mail, settings);
      try {
        await transport.sendMail({
          ...message,
          from,
          to,
          envelope: { from: from.address, to: to.address },
          messageId: `<${crypto.randomUUID()}@${new URL(settings.PUBLIC_URL).hostname}>`,
          headers: { "Auto-Submitted": "auto-generated", "Content-Language": mail.language },
          disableFileAccess: true,
          disableUrlAccess: true,
          // Also applies if the server responds byte by byte, unlike an inactivity timeout.
          signal: AbortSignal.timeout(6 * timeout),
        });
      } catch (error) {
        throw toMailError(error, `${server.host}:${server.port}`);
      }
    },
    async close() {
      transport.close();
    },
  };
}

/** Keeps the case of the domain, which nodemailer would convert to lowercase. */
function keepSpelling(message: MimeNode, address: string): void {
  const envelope = message.getEnvelope();
  // Nodemailer has quoted the local part if necessary.
  const [written = address] = envelope.to;
  const to = written.slice(0, written.lastIndexOf("@")) + address.slice(address.lastIndexOf("@"));
  envelope.to = [to];
  const encode = message.encodeHeaderValue.bind(message);
  message.encodeHeaderValue = (key, value) => (key === "To" ? `<${to}>` : encode(key, value));
}

/** Parses only the documented parts of the URL, because nodemailer would accept any option in it, even to disable its checks. */
function parseUrl(text: string) {
  const { protocol, hostname, port, username, password, searchParams } = new URL(text);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const secure = protocol === "smtps:";
  const auth = username ? { user: decodeURIComponent(username), pass: decodeURIComponent(password) } : undefined;
  const requireTLS = searchParams.get("requireTLS");
  const isThisMachine = /^(localhost|127\.[\d.]+|::1)$/.test(host);
  return {
    host,
    port: port ? Number(port) : secure ? 465 : 587,
    secure,
    requireTLS: requireTLS === null ? auth !== undefined && !isThisMachine : requireTLS === "true",
    ...(auth && { auth }),
  };
}
