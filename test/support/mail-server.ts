import { EventEmitter, on, once } from "node:events";
import type { AddressInfo } from "node:net";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A real SMTP server on this machine, that keeps what it gets. */
export interface MailServer extends AsyncDisposable {
  readonly port: number;
  /** The mails that it took, in their order. */
  readonly mails: ReceivedMail[];
  /** The next mail, in their order, once it is there. */
  next(): Promise<ReceivedMail>;
  /** How many connections were opened to it. */
  readonly connections: number;
  /** Who logged in, as `user:password`. */
  readonly logins: string[];
  /** Ends every connection. */
  dropConnections(): void;
}

export interface ReceivedMail {
  /** Of the envelope: who it is really sent from and to. */
  readonly from: string;
  readonly to: string[];
  readonly isSecure: boolean;
  readonly raw: string;
  readonly mime: Email;
}

/** Starts one that takes every mail, without a login and without TLS unless the options say otherwise. */
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
      // A client that is killed while it sends has sent no mail.
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
  // A client that refuses the certificate breaks the connection: that is no fault of the server's.
  server.on("error", () => {});
  const listener = server.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return {
    port: (listener.address() as AddressInfo).port,
    mails,
    next: async () => (await arrived.next()).value?.[0],
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
