import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { MailError } from "../../src/mail/mail.ts";
import type { Mail } from "../../src/mail/mailer.ts";
import { createSmtpMailer } from "../../src/mail/smtp.ts";
import { type Environment, readSettings } from "../../src/settings/settings.ts";
import { isDeliverable } from "../../src/values/email.ts";
import { createCertificate } from "../support/certificate.ts";
import { startMailServer } from "../support/mail-server.ts";
import { createTemporaryFolder, runInSeparateProcess } from "../support/service.ts";

const at = Date.UTC(2030, 0, 1);
const testMail: Mail = { kind: "test", to: "bob@example.com", language: "en", at };
const resetMail: Mail = { ...testMail, kind: "reset_password", token: "T" };

/** A mailer that closes when the test ends. */
function createMailer(url: string, environment: Environment = {}, timeout?: number) {
  const created = createSmtpMailer(url, readSettings(environment), timeout);
  return { send: created.send, [Symbol.asyncDispose]: created.close };
}

/** Returns the error that sending throws. */
async function findFailure(url: string, mail = testMail, timeout?: number): Promise<MailError> {
  await using sender = createMailer(url, {}, timeout);
  const error = await sender.send(mail).then(
    () => assert.fail("was sent"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof MailError, String(error));
  assert.doesNotMatch(error.message, /\n|example\.com/);
  return error;
}

test("exactly one recipient receives an email, once, from MAIL_FROM, with text, HTML and headers", async () => {
  await using server = await startMailServer();
  await using sender = createMailer(`smtp://127.0.0.1:${server.port}`, {
    MAIL_FROM: "Café (no reply) <no-reply@example.com>",
    PUBLIC_URL: "https://auth.example.com",
  });
  await sender.send({ ...resetMail, language: "fr" });
  const [{ from, to, mime, raw }, ...more] = server.mails as [(typeof server.mails)[0]];
  assert.deepEqual([from, to, more], ["no-reply@example.com", ["bob@example.com"], []]);
  assert.deepEqual(mime.from, { name: "Café (no reply)", address: "no-reply@example.com" });
  assert.deepEqual(mime.to, [{ name: "", address: "bob@example.com" }]);
  assert.deepEqual([mime.cc, mime.bcc, mime.replyTo, mime.attachments], [undefined, undefined, undefined, []]);
  assert.match(mime.messageId ?? "", /^<[\w-]{36}@auth\.example\.com>$/);
  const header = (name: string) => mime.headers.filter(({ key }) => key === name).map(({ value }) => value);
  assert.deepEqual(header("auto-submitted"), ["auto-generated"]);
  assert.deepEqual(header("content-language"), ["fr"]);
  assert.equal(mime.subject, "Réinitialisez votre mot de passe Bienvenue");
  for (const part of [mime.text, mime.html]) assert.match(part ?? "", /https:\/\/auth\.example\.com\/reset\?token=T\b/);
  // The message is ASCII, in lines of a length that every server accepts (RFC 5321, 4.5.3.1.6).
  assert.match(raw, /^(?:[\x20-\x7e\t]{0,998}\r\n)*$/);
});

test("the display name of MAIL_FROM arrives unchanged, and there is one sender", async () => {
  await using server = await startMailServer();
  const cases = [
    ['"Acme, Inc." <no-reply@example.com>', "Acme, Inc."],
    ['"Acme; Sons: Ltd" <no-reply@example.com>', "Acme; Sons: Ltd"],
    ['"The \\"Acme\\" \\\\ Co" <no-reply@example.com>', 'The "Acme" \\ Co'],
    ['"eve@evil.example" <no-reply@example.com>', "eve@evil.example"],
    ['"Eve <eve@evil.example>," <no-reply@example.com>', "Eve <eve@evil.example>,"],
    ['"Société Générale, Zürich" <no-reply@example.com>', "Société Générale, Zürich"],
    ['"株式会社アクメ, 東京 🦊" <no-reply@example.com>', "株式会社アクメ, 東京 🦊"],
    ["Acme Inc. <no-reply@example.com>", "Acme Inc."],
    ["O'Brien & Sons (mail) <no-reply@example.com>", "O'Brien & Sons (mail)"],
    ['"Acme"<no-reply@example.com>', "Acme"],
    ["no-reply@example.com", ""],
  ] as const;
  // Runs simultaneously, because the server waits before it greets.
  const sending = cases.map(async ([MAIL_FROM], i) => {
    await using sender = createMailer(`smtp://127.0.0.1:${server.port}`, { MAIL_FROM });
    await sender.send({ ...testMail, to: `p${i}@example.com` });
  });
  await Promise.all(sending);
  assert.equal(server.mails.length, cases.length);
  for (const [i, [MAIL_FROM, name]] of cases.entries()) {
    const sent = server.mails.find(({ to }) => to[0] === `p${i}@example.com`);
    const { from, mime, raw } = sent ?? assert.fail();
    assert.equal(from, "no-reply@example.com", MAIL_FROM);
    assert.deepEqual(mime.from, { name, address: "no-reply@example.com" }, raw.split("\r\n\r\n")[0]);
  }
});

test("emails share one connection, and a connection that the server closed is replaced", async () => {
  await using server = await startMailServer();
  await using sender = createMailer(`smtp://127.0.0.1:${server.port}`);
  for (let i = 0; i < 5; i++) await sender.send(testMail);
  assert.deepEqual([server.connections, server.mails.length], [1, 5]);
  server.dropConnections();
  await sender.send(testMail);
  assert.deepEqual([server.connections, server.mails.length], [2, 6]);
});

describe("TLS", { concurrency: true }, () => {
  const { key, cert } = createCertificate();
  const kinds = { STARTTLS: { scheme: "smtp", secure: false }, "implicit TLS": { scheme: "smtps", secure: true } };
  for (const [name, { scheme, secure }] of Object.entries(kinds)) {
    test(`${name}: an untrusted certificate is rejected before anything is sent`, async () => {
      await using server = await startMailServer({ secure, key, cert });
      const error = await findFailure(`${scheme}://bob:s3cr3t@localhost:${server.port}`);
      assert.match(
        error.message,
        /^the mail server localhost:\d+ has a certificate that is not trusted \(\w*SELF_SIGNED/,
      );
      assert.deepEqual([server.mails, server.logins], [[], []]);
    });

    test(`${name}: a custom certificate authority is trusted, the host name is checked, and everything is sent over TLS`, async () => {
      await using folder = await createTemporaryFolder();
      const authority = join(folder.path, "authority.pem");
      await writeFile(authority, cert);
      await using server = await startMailServer({ secure, key, cert });
      const send = (host: string) =>
        runInSeparateProcess(["mail", "test", "bob@example.com"], {
          SMTP_URL: `${scheme}://bob:s%4033%3A%2Ft@${host}:${server.port}`,
          NODE_EXTRA_CA_CERTS: authority,
        });
      assert.deepEqual(await send("localhost"), {
        code: 0,
        stdout: `localhost:${server.port} accepted a test email to bob@example.com\n`,
        stderr: "",
      });
      assert.deepEqual(
        server.mails.map(({ isSecure }) => isSecure),
        [true],
      );
      assert.deepEqual(server.logins, ["bob:s@33:/t"]);
      const { code, stderr } = await send("127.0.0.1");
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^bienvenue: the mail server \S+ has a certificate that is not trusted \(ERR_TLS_CERT_ALTNAME/,
      );
      assert.equal(server.mails.length, 1);
    });
  }

  test("if TLS is required but not offered, nothing is sent, because an attacker may have removed the offer", async () => {
    await using server = await startMailServer();
    const error = await findFailure(`smtp://localhost:${server.port}?requireTLS=true`);
    assert.match(error.message, / does not offer TLS, /);
    assert.deepEqual(server.mails, []);
  });

  test("a password is sent to another machine only over TLS, unless requireTLS is false", async () => {
    await using server = await startMailServer();
    // For the service, this name is another machine, but it resolves to this one.
    const other = `smtp://bob:s3cr3t@LOCALHOST:${server.port}`;
    assert.match((await findFailure(other)).message, / does not offer TLS, /);
    assert.deepEqual([server.mails, server.logins], [[], []]);
    await using sender = createMailer(`${other}?requireTLS=false`);
    await sender.send(testMail);
    assert.deepEqual(server.logins, ["bob:s3cr3t"]);
  });

  test("smtps:// to a port without TLS throws an error that says so", async () => {
    await using server = await startMailServer();
    assert.match(
      (await findFailure(`smtps://localhost:${server.port}`)).message,
      /does not accept TLS connections on this port/,
    );
  });
});

test("with a correct login the email is sent; a wrong one results in a one-line message without the password", async () => {
  await using server = await startMailServer({
    authOptional: false,
    onAuth: ({ username, password }, _, done) =>
      password === "s3c r3t" && username === "bob@example.com"
        ? done(null, { user: "bob" })
        : done(new Error("no <bob@example.com> with this password")),
  });
  const url = (login: string) => `smtp://${login}127.0.0.1:${server.port}`;
  await using sender = createMailer(url("bob%40example.com:s3c%20r3t@"));
  await sender.send(testMail);
  const error = await findFailure(url("bob%40example.com:wr0ng@"));
  assert.match(error.message, / rejects the user or password of SMTP_URL \(535\)$/);
  assert.match(error.fullMessage(), /; response: 535 .*no <bob@example\.com> with this password$/);
  assert.doesNotMatch(error.fullMessage() + error.stack, /wr0ng/);
  assert.match((await findFailure(url(""))).message, / requires a user and password in SMTP_URL \(530\)$/);
  assert.equal(server.mails.length, 1);
});

test("a rejected sender and a rejected recipient result in different messages without an address, and the next email is sent", async () => {
  const refuse = (text: string) => Object.assign(new Error(text), { responseCode: 550 });
  let refusing = "";
  await using server = await startMailServer({
    onMailFrom: (_, __, done) => done(refusing === "sender" ? refuse("not you") : null),
    onRcptTo: ({ address }, __, done) =>
      done(refusing === "recipient" ? refuse(`<${address}>\u001b[2J unknown`) : null),
  });
  await using sender = createMailer(`smtp://127.0.0.1:${server.port}`);
  refusing = "sender";
  await assert.rejects(sender.send(testMail), { name: "MailError", message: / rejects MAIL_FROM \(550\)$/ });
  refusing = "recipient";
  const error = await sender.send(testMail).catch((reason: MailError) => reason);
  assert.ok(error instanceof MailError);
  assert.match(error.message, /^the mail server 127\.0\.0\.1:\d+ rejects the recipient \(550\)$/);
  assert.match(error.fullMessage(), /response: 550 <bob@example\.com> \[2J unknown$/);
  // A logger writes the own properties of an error.
  assert.doesNotMatch(JSON.stringify({ ...error, stack: error.stack }), /bob/);
  refusing = "";
  await sender.send(testMail);
  assert.equal(server.mails.length, 1);
});

test("the response of a server is printed in one line without control characters", () => {
  const error = new MailError("the server rejects it", { response: "550-no\r\n550 \u001b[2Jnever\u2028\u009b1A\n" });
  assert.equal(error.fullMessage(), "the server rejects it; response: 550-no 550 [2Jnever 1A");
});

describe("sending throws an error if the server does not accept the email", { concurrency: true }, () => {
  async function listen(answer: (socket: Socket) => void) {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => {}));
      answer(socket);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      port: (server.address() as AddressInfo).port,
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    };
  }

  test("the server is down", async () => {
    const { port, ...server } = await listen(() => {});
    await server[Symbol.asyncDispose]();
    assert.match((await findFailure(`smtp://127.0.0.1:${port}`)).message, /cannot be reached \(ECONNREFUSED\)$/);
  });

  test("the name of the server is unknown", async () => {
    assert.match(
      (await findFailure("smtp://mail.invalid")).message,
      /^the mail server mail\.invalid:587 (has an unknown host name|does not)/,
    );
  });

  test("the server accepts the connection and sends nothing", async () => {
    await using server = await listen(() => {});
    assert.match(
      (await findFailure(`smtp://127.0.0.1:${server.port}`, testMail, 200)).message,
      /does not respond in time/,
    );
  });

  test("the server greets and then sends nothing", async () => {
    await using server = await listen((socket) => socket.write("220 hello\r\n"));
    assert.match(
      (await findFailure(`smtp://127.0.0.1:${server.port}`, testMail, 1000)).message,
      /takes too long to accept an email$/,
    );
  });

  test("the server responds byte by byte without end", async () => {
    await using server = await listen((socket) => {
      socket.write("220 hello\r\n");
      const talking = setInterval(() => socket.write("250-and\r\n"), 20);
      socket.on("close", () => clearInterval(talking));
    });
    assert.match(
      (await findFailure(`smtp://127.0.0.1:${server.port}`, testMail, 1000)).message,
      /takes too long to accept an email$/,
    );
  });

  test("the server closes the connection", async () => {
    await using server = await listen((socket) => socket.end());
    await findFailure(`smtp://127.0.0.1:${server.port}`);
  });
});

// id: address-list-refused
test("no email is sent to an address list, a name, a line break or anything else that is not an address", async () => {
  await using server = await startMailServer();
  await using sender = createMailer(`smtp://127.0.0.1:${server.port}`);
  for (const to of [
    "bob@example.com,eve@example.com",
    "bob@example.com, eve@example.com",
    "bob@example.com;eve@example.com",
    "bob@example.com eve@example.com",
    "bob@example.com\r\nBcc: eve@example.com",
    "bob@example.com\nRCPT TO:<eve@example.com>",
    "bob@example.com\r",
    "bob@example.com\n",
    "Bob <bob@example.com>",
    "<bob@example.com>",
    '"bob"@example.com',
    "eve@example.com:bob@example.com",
    "group:bob@example.com;",
    "bob@example.com\0",
    "bob(comment)@example.com",
    "bob@eve@example.com",
    "m\u0131ke@example.com",
    "bob@ex\u00e4mple.com",
    "bob",
    "",
    `${"b".repeat(250)}@example.com`,
  ]) {
    await assert.rejects(
      sender.send({ ...testMail, to }),
      /^MailError: the recipient is not one valid email address$/,
      to,
    );
  }
  assert.deepEqual([server.mails.length, server.connections], [0, 0]);
});

// id: no-injection
test("no value in an email becomes a header, a recipient or a command", async () => {
  await using server = await startMailServer();
  await using sender = createMailer(`smtp://127.0.0.1:${server.port}`);
  const evil = "x\r\nBcc: eve@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>\r\nRCPT TO:<eve@example.com>\r\n";
  await sender.send({ ...resetMail, kind: "new_device", token: "", device: { browser: "Firefox", system: "Windows" } });
  await sender.send({
    ...resetMail,
    kind: "new_device",
    token: "",
    device: { browser: evil, system: evil },
  } as unknown as Mail);
  await sender.send({ ...resetMail, token: evil });
  const headers = server.mails.map(({ mime }) => mime.headers.map(({ key }) => key));
  assert.deepEqual(headers, Array(3).fill(headers[0]));
  for (const { from, to, mime } of server.mails) {
    assert.deepEqual([from, to, mime.to?.length, mime.bcc], ["bienvenue@localhost", ["bob@example.com"], 1, undefined]);
    assert.doesNotMatch(`${mime.subject}${mime.text}${mime.html}`, /eve@|^MAIL/m);
  }
  for (const more of [
    { language: "en\r\nBcc: eve@example.com" },
    { language: "constructor" },
    { language: "__proto__" },
    { kind: "constructor" },
    { kind: "test\r\nBcc: eve@example.com" },
    { at: Number.NaN },
  ]) {
    await assert.rejects(sender.send({ ...testMail, ...more } as Mail), JSON.stringify(more));
  }
  assert.equal(server.mails.length, 3);
});

test("an email is sent to the exact address of the account, for every address that can have one", async () => {
  await using server = await startMailServer();
  await using sender = createMailer(`smtp://127.0.0.1:${server.port}`);
  const local = fc.string({ unit: fc.constantFrom(..."abzABZ019.!#$%&'*+/=?^_`{|}~-"), minLength: 1, maxLength: 64 });
  // Other addresses are sent in quotes, which not every server accepts.
  const unquoted = local.filter((text) => !/^\.|\.\.|\.$/.test(text));
  const address = fc
    .tuple(unquoted, fc.constantFrom("example.com", "a-b.example", "Localhost"))
    .map((parts) => parts.join("@"));
  await fc.assert(
    fc.asyncProperty(address, async (email) => {
      assert.ok(isDeliverable(email));
      await sender.send({ ...testMail, to: email });
      const { to: recipients, mime } = server.mails.at(-1) ?? assert.fail();
      assert.deepEqual([recipients, mime.to], [[email], [{ name: "", address: email }]]);
    }),
    { numRuns: 200 },
  );
});

test("SMTP_URL rejects options of nodemailer, some of which disable its checks, and values that cannot be parsed", () => {
  for (const url of [
    "smtps://mail.example.com?tls.rejectUnauthorized=false",
    "smtp://mail.example.com?ignoreTLS=true",
    "smtp://mail.example.com?requireTLS=maybe",
    "smtp://mail.example.com?requireTLS=true&logger=true",
    "smtp://mail.example.com?proxy=http://eve.example",
    "smtp://bob:100%@mail.example.com",
    "smtp://bob:%ff@mail.example.com",
    "smtp://bob:a/b@mail.example.com",
  ]) {
    assert.throws(() => readSettings({ SMTP_URL: url }), /SMTP_URL=/, url);
  }
});
