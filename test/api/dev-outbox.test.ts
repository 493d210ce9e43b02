import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { createApp } from "../../src/app.ts";
import { Auth } from "../../src/auth/auth.ts";
import { openDB } from "../../src/db/db.ts";
import { createMailer, type DevOutbox } from "../../src/mail/mail.ts";
import type { Mail } from "../../src/mail/mailer.ts";
import { silent } from "../../src/observe/log.ts";
import { type Environment, readSettings } from "../../src/settings/settings.ts";

const mail: Mail = { kind: "reset_password", to: "bob@example.com", language: "fr", token: "T0ken", at: 0 };
const json = { Accept: "application/json" };

/** Creates an app with an outbox, and a function that sends it requests from any address. */
async function createOutbox(environment: Environment = {}, delivery: "outbox" | "server" = "outbox") {
  const settings = readSettings(environment);
  const resources = new AsyncDisposableStack();
  const auth = new Auth(resources.use(await openDB("sqlite::memory:", { settings })), { settings });
  resources.defer(() => auth.close());
  const { mailer, outbox } = await createMailer(readSettings(), silent);
  const app = createApp(auth, { outbox: delivery === "outbox" ? outbox : undefined });
  const get = async (headers: Record<string, string> = {}, ip = "127.0.0.1", method = "GET") => {
    const request = new Request("http://localhost/dev/outbox", {
      method,
      headers: { Host: "localhost:5000", ...headers },
    });
    return app.fetch(request, { incoming: { headers: {}, socket: { remoteAddress: ip } } });
  };
  return { mailer, get, outbox: outbox as DevOutbox, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

test("programs get the emails as JSON, newest first, and their links work", async () => {
  await using world = await createOutbox();
  await world.mailer.send(mail);
  await world.mailer.send({ ...mail, kind: "test", to: "eve@example.com", language: "en", token: "" });
  const response = await world.get(json);
  assert.deepEqual([response.status, response.headers.get("Content-Type")], [200, "application/json"]);
  const { mails } = (await response.json()) as { mails: Record<string, string>[] };
  assert.deepEqual(
    mails.map((each) => Object.keys(each).sort().join()),
    Array(2).fill("at,html,kind,subject,text,to"),
  );
  assert.deepEqual(
    mails.map(({ kind, to }) => [kind, to]),
    [
      ["test", "eve@example.com"],
      ["reset_password", "bob@example.com"],
    ],
  );
  assert.match(mails[1]?.text ?? "", /http:\/\/localhost:5000\/reset\?token=T0ken\n/);
  assert.equal(mails[1]?.at, "1970-01-01T00:00:00.000Z");
});

test("browsers get a page, and programs that prefer JSON get JSON", async () => {
  await using world = await createOutbox();
  const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
  const html = [undefined, "", "*/*", browser, "application/json;q=0.5, text/html", ";;,=\0;q="];
  for (const Accept of html) {
    const response = await world.get(Accept === undefined ? {} : { Accept: Accept.replace("\0", "") });
    assert.equal(response.headers.get("Content-Type"), "text/html; charset=utf-8", Accept);
    assert.match(await response.text(), /No emails yet/);
  }
  for (const Accept of [
    "application/json",
    "text/html;q=0.5, application/json",
    "application/json, */*",
    "application/*",
  ]) {
    assert.equal((await world.get({ Accept })).headers.get("Content-Type"), "application/json", Accept);
  }
});

// id: permits-no-script
test("the page shows each email as HTML and as text, and allows no script and only its own styles", async () => {
  await using world = await createOutbox({ SERVICE_NAME: "Bienvenue" });
  await world.mailer.send(mail);
  const response = await world.get();
  const page = await response.text();
  const { subject, html, text } = world.outbox.mails[0] ?? assert.fail();
  const escaped = (each: string) =>
    each.replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[c] ?? "");
  assert.ok(page.includes(`<h2>${escaped(subject)}</h2>`));
  assert.ok(page.includes(`<pre>${escaped(text)}</pre>`));
  assert.ok(page.includes(`srcdoc="${escaped(html)}" sandbox="allow-popups allow-popups-to-escape-sandbox"`));
  assert.doesNotMatch(page, /<script|\son\w+=/i);

  const policy = response.headers.get("Content-Security-Policy") ?? "";
  assert.match(
    policy,
    /^default-src 'none'; style-src 'unsafe-hashes'( 'sha256-[\w+/=]{44}')+; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  );
  const styles = [
    ...[page, html].map((each) => /<style>(.*?)<\/style>/s.exec(each)?.[1] ?? assert.fail()),
    ...[...html.matchAll(/ style="([^"]*)"/g)].map(([, style = ""]) => style),
  ];
  assert.ok(styles.length > 6);
  for (const style of styles) {
    assert.ok(policy.includes(`'sha256-${createHash("sha256").update(style).digest("base64")}'`), style);
  }
  assert.equal(response.headers.get("Cache-Control"), "no-store");
  assert.equal(response.headers.get("X-Content-Type-Options"), "nosniff");
});

test("the page has the common headers of every response", async () => {
  await using world = await createOutbox({ CORS_ORIGINS: "https://app.example.com" });
  const [page, json] = [await world.get(), await world.get({ Accept: "application/json" })];
  const { "content-type": _, "content-security-policy": __, ...common } = Object.fromEntries(json.headers);
  assert.equal(common.vary, "Origin");
  for (const [name, value] of Object.entries(common)) assert.equal(page.headers.get(name), value, name);
});

test("requests from another machine, through a proxy or under another host name get 404", async () => {
  await using world = await createOutbox();
  await world.mailer.send(mail);
  const assertNotFound = async (response: Response) => {
    assert.equal(response.status, 404);
    assert.equal(await response.text(), '{"message":"not found"}\n');
  };
  for (const headers of [{}, json]) {
    await assertNotFound(await world.get(headers, "192.0.2.1"));
    await assertNotFound(await world.get({ ...headers, Host: "eve.example:5000" }));
    await assertNotFound(await world.get({ ...headers, "X-Forwarded-For": "127.0.0.1" }));
  }
});

// id: not-in-production
test("every method gets 404 in production, and if a server sends the emails", async () => {
  const production = {
    NODE_ENV: "production",
    UNSAFE_PRODUCTION: "1",
    PUBLIC_URL: "http://localhost:5000",
    SMTP_URL: "none",
    MAIL_FROM: "a@example.com",
    TRUSTED_PROXIES: "none",
  };
  for (const [environment, delivery] of [
    [production, "outbox"],
    [{}, "server"],
  ] as const) {
    await using world = await createOutbox(environment, delivery);
    for (const method of ["GET", "POST", "DELETE"])
      assert.equal((await world.get({}, "127.0.0.1", method)).status, 404);
  }
});
