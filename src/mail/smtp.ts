import nodemailer from "nodemailer";
import type MimeNode from "nodemailer/lib/mime-node";
import { parseSender } from "../settings/mail-from.ts";
import type { Settings } from "../settings/settings.ts";
import { toMailError } from "./mail-error.ts";
import type { Mailer } from "./mailer.ts";
import { compose, type MessageSettings } from "./messages.ts";
import { type Recipient, toRecipient } from "./recipient.ts";

/** How long a server may take to be there, in milliseconds. */
const defaultTimeout = 10_000;

/**
 * Hands mails over to the SMTP server of `url`, on connections that are kept for the next. TLS is checked, and used
 * wherever it is offered; a password goes over nothing else, save to this machine or with `?requireTLS=false`.
 *
 * @param patience how long the server may take to connect and to greet, in milliseconds. All of one mail may take six
 * times that: a server reads a mail before it takes it, and one that is given up too early comes twice
 */
export function createSmtpMailer(
  url: string,
  settings: MessageSettings & Pick<Settings, "MAIL_FROM">,
  patience = defaultTimeout,
): Mailer {
  const server = parseUrl(url);
  const transport = nodemailer.createTransport({
    ...server,
    pool: true,
    // As many as `Auth` sends at once: a slow recipient keeps its connection busy. Another is opened only when all are busy.
    maxConnections: 40,
    // The outbox tries again; here only a connection that the server closed while it was idle is replaced.
    maxRequeues: 1,
    // From the name's lookup to the greeting.
    connectionTimeout: patience,
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
          // A server that answers drop by drop is never silent.
          signal: AbortSignal.timeout(6 * patience),
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

/** Keeps the spelling of an address: the library would lowercase its domain. */
function keepSpelling(message: MimeNode, address: string): void {
  const envelope = message.getEnvelope();
  // The library has quoted the part before the last @ if necessary.
  const [written = address] = envelope.to;
  const to = written.slice(0, written.lastIndexOf("@")) + address.slice(address.lastIndexOf("@"));
  envelope.to = [to];
  const encode = message.encodeHeaderValue.bind(message);
  message.encodeHeaderValue = (key, value) => (key === "To" ? `<${to}>` : encode(key, value));
}

/** Not left to nodemailer, which takes any option of its own from a URL: also those that switch checks off. */
function parseUrl(text: string) {
  const { protocol, hostname, port, username, password, searchParams } = new URL(text);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const secure = protocol === "smtps:";
  const auth = username ? { user: decodeURIComponent(username), pass: decodeURIComponent(password) } : undefined;
  const asked = searchParams.get("requireTLS");
  const isHere = /^(localhost|127\.[\d.]+|::1)$/.test(host);
  return {
    host,
    port: port ? Number(port) : secure ? 465 : 587,
    secure,
    requireTLS: asked === null ? auth !== undefined && !isHere : asked === "true",
    ...(auth && { auth }),
  };
}
