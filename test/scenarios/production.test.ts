import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createCertificate } from "../support/certificate.ts";
import { createEmptyDatabase } from "../support/databases.ts";
import { type MailServer, type ReceivedMail, startMailServer } from "../support/mail-server.ts";
import { findFreePort } from "../support/postgres-server.ts";
import { createTemporaryFolder, type Service, startService } from "../support/service.ts";

const email = "bob@example.com";
const password = "plough-Violet-9-harbour";
const productionSettings = {
  NODE_ENV: "production",
  PUBLIC_URL: "https://auth.example.com",
  MAIL_FROM: "Example <no-reply@example.com>",
  TRUSTED_PROXIES: "127.0.0.1",
};

function send(service: Service, method: string, path: string, fields: Record<string, string>, headers = {}) {
  return fetch(service.url + path, { method, body: new URLSearchParams(fields), headers });
}

/** Waits for the email with this index. */
async function waitForMail(server: MailServer, index: number): Promise<ReceivedMail> {
  while (server.mails.length <= index) await sleep(20);
  return server.mails[index] as ReceivedMail;
}

function findToken({ mime }: ReceivedMail): string {
  const [, token = ""] =
    /https:\/\/auth\.example\.com\/(?:verify|reset)\?token=([\w-]{43})\n/.exec(mime.text ?? "") ?? [];
  return token;
}

for (const engine of ["sqlite", "postgres"] as const) {
  // id: ten-guesses-two-nodes
  test(`exactly 10 of 200 simultaneous guesses on two nodes are checked (${engine})`, async () => {
    await using database = await createEmptyDatabase(engine);
    const settings = {
      ...productionSettings,
      DATABASE_URL: database.url,
      SMTP_URL: "smtp://127.0.0.1:1",
      LOG_LEVEL: "info",
    };
    await using one = await startService(settings);
    await using two = await startService(settings);
    const statuses: number[] = [];
    const guess = async (i: number): Promise<void> => {
      const from = { "X-Forwarded-For": `198.51.100.${i}` };
      const { status } = await send(i % 2 ? one : two, "POST", "/sessions", { email, password: `wrong ${i}` }, from);
      statuses.push(status);
      if (status === 503) await guess(i);
    };
    await Promise.all(Array.from({ length: 200 }, (_, i) => guess(i)));
    const count = (expected: number) => statuses.filter((status) => status === expected).length;
    // If the database is busy, a guess can be checked and counted, and still get a 503.
    assert.ok(count(401) <= 10 && count(401) + count(503) >= 10, `${count(401)} and ${count(503)}`);
    assert.equal(count(401) + count(429), 200);
    const counted = await database.run("select count from attempts where key like 'LIMIT_LOGIN_ACCOUNT:%'");
    assert.deepEqual(
      counted.map((row) => Number(row.count)),
      [10],
    );
  });
}

// Concurrent, because these tests mostly wait.
describe("with a mail server", { concurrency: true }, () => {
  test("a user registers, confirms, logs in and resets the password with emails sent over TLS to a real mail server", async () => {
    await using folder = await createTemporaryFolder();
    const { key, cert } = createCertificate();
    const NODE_EXTRA_CA_CERTS = join(folder.path, "ca.pem");
    await writeFile(NODE_EXTRA_CA_CERTS, cert);
    await using mail = await startMailServer({ key, cert, secure: true });
    const SMTP_URL = `smtps://service:s%40crt@localhost:${mail.port}`;
    await using service = await startService({ ...productionSettings, SMTP_URL, NODE_EXTRA_CA_CERTS });

    // Links begin with PUBLIC_URL, whatever the request headers contain.
    const forgedHeaders = { Host: "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http" };
    const registered = await send(service, "POST", "/users", { email, password }, forgedHeaders);
    assert.equal(await registered.text(), `{"email":"${email}","message":"user created"}\n`);
    assert.equal((await send(service, "POST", "/sessions", { email, password })).status, 401);
    const confirmation = await waitForMail(mail, 0);
    assert.deepEqual([confirmation.to, confirmation.isSecure, mail.logins], [[email], true, ["service:s@crt"]]);
    assert.ok(!confirmation.raw.includes("evil.example"));
    const token = findToken(confirmation);
    assert.equal((await send(service, "PUT", "/email_verification", { email, token, password })).status, 200);
    const loggedIn = await send(service, "POST", "/sessions", { email, password });
    assert.equal(loggedIn.status, 200);
    const [session = "", device = ""] = loggedIn.headers.getSetCookie();
    assert.match(session, /^__Host-session_id=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=2592000$/);
    assert.match(device, /^__Host-device_id=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=34560000$/);

    const french = { "Accept-Language": "fr" };
    assert.equal(
      await (await send(service, "POST", "/reset_password", { email }, french)).text(),
      `{"email":"${email}","message":"reset mail sent"}\n`,
    );
    const reset = await waitForMail(mail, 1);
    assert.match(reset.mime.text ?? "", /mot de passe/);
    const new_password = `${password} again`;
    const resetResponse = await send(service, "PUT", "/reset_password", {
      email,
      reset_token: findToken(reset),
      new_password,
    });
    assert.equal(resetResponse.status, 200);
    assert.deepEqual((await waitForMail(mail, 2)).to, [email]);
    const Cookie = session.split(";")[0] as string;
    assert.equal((await fetch(`${service.url}/profile`, { headers: { Cookie } })).status, 403);
    assert.equal((await send(service, "POST", "/sessions", { email, password: new_password })).status, 200);

    const log = JSON.stringify(service.logEntries);
    for (const secret of [email, password, token, findToken(reset), Cookie, "s@crt"]) assert.ok(!log.includes(secret));
  });

  // id: mail-survives-crash
  test("an unreachable mail server delays only the emails, and they survive a crash", async () => {
    await using database = await createEmptyDatabase("sqlite");
    const settings = { ...productionSettings, DATABASE_URL: database.url };
    {
      await using service = await startService({ ...settings, SMTP_URL: `smtp://127.0.0.1:${await findFreePort()}` });
      assert.equal((await send(service, "POST", "/users", { email, password })).status, 200);
      while (!service.logEntries.some(({ event }) => event === "mail_delayed")) await sleep(20);
      await service.stop("SIGKILL");
    }
    await database.run("update outbox set next_try_at = 0");
    await using mail = await startMailServer();
    await using service = await startService({ ...settings, SMTP_URL: `smtp://127.0.0.1:${mail.port}` });
    const token = findToken(await waitForMail(mail, 0));
    assert.equal((await send(service, "PUT", "/email_verification", { email, token, password })).status, 200);
    while (Number((await database.run("select count(*) as waiting from outbox"))[0]?.waiting) > 0) await sleep(20);
  });

  // An email can take a minute to send. An orchestrator does not wait that long.
  test("a mail server that never responds does not delay the shutdown, and no email is lost", {
    timeout: 40_000,
  }, async () => {
    await using database = await createEmptyDatabase("sqlite");
    const reading = Promise.withResolvers<void>();
    await using mail = await startMailServer({ onMailFrom: () => reading.resolve() });
    await using service = await startService({
      ...productionSettings,
      DATABASE_URL: database.url,
      SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
    });
    for (let i = 0; i < 8; i++) await send(service, "POST", "/users", { email: `${i}@example.com`, password });
    await reading.promise;
    assert.equal(await service.stop("SIGTERM"), 0);
    assert.ok(service.logEntries.some(({ event }) => event === "stopped"));
    assert.equal((await database.run("select id from outbox")).length, 8);
  });

  test("a shutdown waits for emails that are being sent, and loses none", async () => {
    await using database = await createEmptyDatabase("sqlite");
    const reading = Promise.withResolvers<() => void>();
    await using mail = await startMailServer({
      onMailFrom: (_, __, done) => reading.resolve(done),
    });
    await using service = await startService({
      ...productionSettings,
      DATABASE_URL: database.url,
      SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
    });
    await send(service, "POST", "/users", { email, password });
    const acceptMail = await reading.promise;
    const ended = service.stop("SIGTERM");
    while (!service.logEntries.some(({ event }) => event === "stopping")) await sleep(20);
    acceptMail();
    assert.equal(await ended, 0);
    assert.equal(mail.mails.length, 1);
    assert.deepEqual(await database.run("select id from outbox"), []);
  });
});
