import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { createMailer } from "../../src/mail/mail.ts";
import type { Mail } from "../../src/mail/mailer.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { createRecordingLog } from "../support/world.ts";

const execute = promisify(execFile);
const mail: Mail = { kind: "reset_password", to: "bob@example.com", language: "en", token: "T0ken", at: 0 };

test("without SMTP_URL the outbox keeps the last 50 emails, newest first", async () => {
  const { mailer, outbox } = await createMailer(readSettings(), createRecordingLog([]));
  for (let at = 0; at < 60; at++) await mailer.send({ ...mail, at: at * 1000 });
  const waiting = outbox?.mails ?? [];
  assert.equal(waiting.length, 50);
  const { kind, to, subject, text, at } = waiting[0] ?? assert.fail();
  assert.deepEqual(
    { kind, to, subject, at },
    {
      kind: "reset_password",
      to: "bob@example.com",
      subject: "Reset your Bienvenue password",
      at: "1970-01-01T00:00:59.000Z",
    },
  );
  assert.match(text, /http:\/\/localhost:5000\/reset\?token=T0ken/);
  assert.equal(waiting.at(-1)?.at, "1970-01-01T00:00:10.000Z");
});

test("the SMTP client is loaded only with an SMTP_URL", async () => {
  const url = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
  const script = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load: (url, context, load) => (loaded.push(url), load(url, context)) });
    await import(${url("main.ts")});
    const { createMailer } = await import(${url("mail/mail.ts")});
    const { readSettings } = await import(${url("settings/settings.ts")});
    const has = () => loaded.some((url) => url.includes("nodemailer"));
    await createMailer(readSettings(), console);
    const without = has();
    await createMailer(readSettings({ SMTP_URL: "smtp://localhost" }), console);
    console.log(without, has());
  `;
  const { stdout } = await execute(process.execPath, ["--input-type=module", "--eval", script]);
  assert.equal(stdout, "false true\n");
});

test("the log contains the URL of the outbox, but neither the address nor the token", async () => {
  const logged: Record<string, unknown>[] = [];
  const { mailer } = await createMailer(readSettings({ PORT: "8080" }), createRecordingLog(logged));
  await mailer.send(mail);
  assert.deepEqual(logged, [
    {
      event: "mail_waits",
      kind: "reset_password",
      url: "http://localhost:8080/dev/outbox",
      level: "info",
      message: "an email is in the outbox",
    },
  ]);
});

test("in production, which has no outbox page, the log warns that an email is not sent", async () => {
  const logged: Record<string, unknown>[] = [];
  const settings = readSettings({
    NODE_ENV: "production",
    UNSAFE_PRODUCTION: "1",
    PUBLIC_URL: "https://auth.example.com",
    SMTP_URL: "none",
    MAIL_FROM: "a@example.com",
    TRUSTED_PROXIES: "none",
  });
  const { mailer } = await createMailer(settings, createRecordingLog(logged));
  await mailer.send(mail);
  assert.deepEqual(logged, [
    { event: "mail_waits", kind: "reset_password", level: "warn", message: "SMTP_URL is none: this email is not sent" },
  ]);
});

// id: address-list-refused
test("the outbox rejects an address list too", async () => {
  const { mailer, outbox } = await createMailer(readSettings(), createRecordingLog([]));
  await assert.rejects(mailer.send({ ...mail, to: "bob@example.com,eve@example.com" }), /not one valid email address/);
  assert.deepEqual(outbox?.mails, []);
});
