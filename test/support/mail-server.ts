import { EventEmitter, on, once } from "node:events";
import type { AddressInfo } from "node:net";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A real SMTP server that stores the emails that it receives. */
export interface MailServer extends AsyncDisposable {
  readonly port: number;
  /** The accepted emails, oldest first. */
  readonly mails: ReceivedMail[];
  /** Waits for the next email. */
  nextMail(): Promise<ReceivedMail>;
  /** The number of connections so far. */
  readonly connections: number;
  /** The logins, as `user:password`. */
  readonly logins: string[];
  dropConnections(): void;
}

export interface ReceivedMail {
  /** The sender and the recipients of the envelope. */
  readonly from: string;
  readonly to: string[];
  readonly isSecure: boolean;
  readonly raw: string;
  readonly mime: Email;
}

/** Starts a server that accepts every email, by default without login and TLS. */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const logins: string[] = [];
  const arrivals = new EventEmitter();
  const arrived = on(arrivals, "mail");
  let connections = 0;
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    disabledCommands: options.key ? [] : ["STARTTLS"],
    allowInsecureAuth: true,
    onConnect: (_, done) => {
      connections++;
      done();
    },
    onAuth: ({ username = "", password = "" }, _, done) => {
      logins.push(`${username}:${password}`);
      done(null, { user: username });
    },
    async onData(stream, { envelope, secure }, done) {
      const chunks = await stream
        .setEncoding("latin1")
        .toArray()
        .catch(() => undefined);
      // A client that is killed while sending has not sent the email.
      if (chunks === undefined) return;
      const raw = chunks.join("");
      const from = envelope.mailFrom ? envelope.mailFrom.address : "";
      const to = envelope.rcptTo.map(({ address }) => address);
      const mime = await PostalMime.parse(Buffer.from(raw, "latin1"));
      const mail = { from, to, isSecure: secure, raw, mime };
      mails.push(mail);
      arrivals.emit("mail", mail);
      done();
    },
    ...options,
  });
  // Ignores the error of a client that rejects the certificate and closes the connection.
  server.on("error", () => {});
  const listener = server.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return {
    port: (listener.address() as AddressInfo).port,
    mails,
    nextMail: async () => (await arrived.next()).value?.[0],
    logins,
    get connections() {
      return connections;
    },
    dropConnections() {
      for (const connection of server.connections) (connection as unknown as { close(): void }).close();
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(resolve)),
  };
}
