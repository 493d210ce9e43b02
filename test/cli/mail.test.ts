import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCertificate } from "../support/certificate.ts";
import { runCommand } from "../support/commands.ts";
import { startMailServer } from "../support/mail-server.ts";

describe("mail test", () => {
  test("sends an email with the service's settings, and prints which server accepted it", async () => {
    await using server = await startMailServer();
    const { code, stdout, stderr } = await runCommand(["mail", "test", " Bob@Example.com"], {
      SMTP_URL: `smtp://bob:s3cr3t@127.0.0.1:${server.port}`,
      SERVICE_NAME: "Example",
      MAIL_FROM: "Example <no-reply@example.com>",
    });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(stdout, `127.0.0.1:${server.port} accepted a test email to Bob@Example.com\n`);
    const [{ from, to, mime }] = server.mails as [(typeof server.mails)[0]];
    assert.deepEqual(
      [from, to, mime.subject],
      ["no-reply@example.com", ["Bob@Example.com"], "Test email from Example"],
    );
    assert.deepEqual(server.logins, ["bob:s3cr3t"]);
  });

  test("reports a failure in one line, without the password", async () => {
    await using refusing = await startMailServer({
      onAuth: (_, __, done) => done(new Error("go away")),
      onRcptTo: (_, __, done) => done(new Error("unknown")),
    });
    await using untrusted = await startMailServer({ secure: true, ...createCertificate() });
    const closed = await startMailServer();
    await closed[Symbol.asyncDispose]();
    for (const [SMTP_URL, line] of [
      ["", /^SMTP_URL is none; set it to your mail server, such as smtps:/],
      [
        "http://mail.example.com",
        /^invalid settings:\n {2}SMTP_URL=…: must be .*it must start with smtp:\/\/ or smtps:\/\//,
      ],
      [
        `smtp://bob:s3cr3t@127.0.0.1:${refusing.port}`,
        /rejects the user or password of SMTP_URL \(535\); response: 535 go away$/,
      ],
      [`smtp://127.0.0.1:${refusing.port}`, /rejects the recipient \(550\); response: 550 unknown$/],
      [
        `smtps://bob:s3cr3t@localhost:${untrusted.port}`,
        /a certificate that is not trusted \(\w+\); .* NODE_EXTRA_CA_CERTS/,
      ],
      [`smtps://bob:s3cr3t@127.0.0.1:${refusing.port}`, /does not accept TLS connections on this port/],
      [`smtp://bob:s3cr3t@127.0.0.1:${closed.port}`, /^the mail server \S+ cannot be reached \(ECONNREFUSED\)$/],
    ] as const) {
      const { code, stdout, stderr } = await runCommand(["mail", "test", "bob@example.com"], { SMTP_URL });
      assert.deepEqual([code, stdout], [1, ""], SMTP_URL);
      assert.match(stderr, /^bienvenue: .+\n( {2}.+\n)?$/);
      assert.match(stderr.replace(/^bienvenue: |\n$/g, ""), line);
      assert.doesNotMatch(stderr, /s3cr3t/);
    }
  });

  test("rejects anything other than one address, and points to the help", async () => {
    for (const args of [
      [],
      ["test"],
      ["tset", "bob@example.com"],
      ["test", "bob"],
      ["test", "a@example.com,b@example.com"],
      ["test", "a@example.com", "b@example.com"],
      ["constructor"],
    ]) {
      const { code, stderr } = await runCommand(["mail", ...args], { SMTP_URL: "smtp://127.0.0.1:1" });
      assert.equal(code, 2, args.join(" "));
      if (args.length === 0) assert.match(stderr, /^Usage: bienvenue mail .+\n[\s\S]* {2}test <address> /);
      else assert.match(stderr, /^bienvenue: .+\nSee bienvenue mail( test)? --help\n$/, args.join(" "));
    }
  });
});
