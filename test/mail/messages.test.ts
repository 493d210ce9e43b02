import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { languages } from "../../src/languages/languages.ts";
import type { Mail, MailKind } from "../../src/mail/mailer.ts";
import { compose } from "../../src/mail/messages.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { parseDeviceKind } from "../../src/values/device-kind.ts";
import { anyText } from "../support/any-text.ts";

// Far from UTC, the time zone of emails.
process.env.TZ = "Pacific/Auckland";

const to = "bob.the.builder@example.com";
const at = Date.UTC(2030, 0, 2, 15, 4, 5);
const PUBLIC_URL = "https://auth.example.com";
const settings = readSettings({ PUBLIC_URL, SERVICE_NAME: "Example" });

/** The paths of the links in each kind of email, in order. */
const links: Record<MailKind, string[]> = {
  confirm_email: ["/verify?token=T0ken"],
  already_registered: ["/login", "/forgot"],
  invitation: ["/reset?token=T0ken", "/forgot"],
  reset_password: ["/reset?token=T0ken"],
  password_changed: ["/forgot"],
  new_device: ["/forgot"],
  email_changing: ["/forgot"],
  email_changed: ["/undo-email-change?token=T0ken"],
  email_change_undone: ["/"],
  account_deleted: ["/"],
  account_removed: ["/"],
  confirm_new_email: ["/verify?token=T0ken"],
  test: ["/"],
};
const firefox = parseDeviceKind("Firefox/Windows");
const browsers = ["Chrome", "Edge", "Firefox", "Opera", "Safari", "Samsung Internet"];
const systems = ["Android", "ChromeOS", "iOS", "iPadOS", "Linux", "macOS", "Windows"];
const kinds = Object.keys(links) as MailKind[];

function mail(kind: MailKind, more: Partial<Mail> = {}): Mail {
  const token = links[kind][0]?.includes("token") ? { token: "T0ken" } : {};
  return { kind, to, language: "en", at, ...token, ...more };
}

/** Returns the URLs in a text or in HTML. */
function findUrls(text: string): Set<string> {
  return new Set(text.match(/https?:\/\/[^\s"<>]+/g));
}

describe("every email in every language", () => {
  for (const language of languages) {
    for (const kind of kinds) {
      test(`${kind} (${language})`, () => {
        const { subject, text, html } = compose(mail(kind, { language, device: firefox }), settings);
        const expected = new Set([...links[kind].map((path) => PUBLIC_URL + path), PUBLIC_URL]);
        assert.match(subject, /Example/);
        assert.match(subject, /^\S.{5,60}\S$/);
        assert.deepEqual(findUrls(text), expected);
        assert.deepEqual(findUrls(html), expected);
        assert.deepEqual(new Set([...html.matchAll(/href="([^"]*)"/g)].map(([, url]) => url)), expected);
        assert.ok(html.startsWith(`<!doctype html>\n<html lang="${language}">`));
        for (const each of [subject, text, html]) {
          assert.doesNotMatch(each, /undefined|null|NaN|\[object|\$\{|\{\{|=> |bob|example\.com>/);
        }
        // The text contains every paragraph of the HTML except the introduction of the plain link.
        const words = html
          .replace(/<(style|title)>.*?<\/\1>/gs, "")
          .replace(/<[^>]*>/g, "\n")
          .replace(/&#39;/g, "'");
        const paragraphs = words.split("\n").filter((line) => line.trim() !== "");
        const missing = paragraphs.filter((line) => !text.includes(line.trim()));
        assert.equal(missing.length, 1, `only the introduction of the plain link is missing: ${missing}`);
        assert.doesNotMatch(html, /<script|<img|<link|<form|url\(|@import|\son\w+=/i);
      });
    }
  }
});

test("a long URL wraps if it does not fit, and words do not break", () => {
  for (const language of languages) {
    const { html } = compose(mail("reset_password", { language }), settings);
    assert.doesNotMatch(html, /break-all/);
    for (const [link] of html.matchAll(/<a class="link"[^>]*>/g)) assert.match(link, /overflow-wrap:anywhere/);
    const [sentence = ""] = /<p class="small"[^>]*>/.exec(html) ?? [];
    assert.doesNotMatch(sentence, /overflow-wrap|word-break/);
  }
});

test("an email says what happened, and what happens if the reader does nothing", () => {
  const composeFor = (kind: MailKind, language: "en" | "fr") => compose(mail(kind, { language }), settings).text;
  assert.match(composeFor("already_registered", "en"), /tried to use this email address on Example/);
  assert.match(composeFor("already_registered", "fr"), /a voulu utiliser cette adresse e-mail sur Example/);
  assert.match(composeFor("confirm_email", "en"), /ignore this email\. The address will not be verified\.\n/);
  assert.match(composeFor("confirm_email", "fr"), /ignorez cet e-mail\u00a0: l’adresse ne sera pas confirmée\.\n/);
  assert.match(composeFor("confirm_email", "fr"), /\nConfirmer l’adresse\u00a0:\nhttps:/);
});

test("every subject and every text is translated", () => {
  for (const kind of kinds) {
    const made = languages.map((language) => compose(mail(kind, { language }), settings));
    assert.equal(new Set(made.map(({ subject }) => subject)).size, languages.length, kind);
    assert.equal(new Set(made.map(({ text }) => text)).size, languages.length, kind);
  }
});

test("an email says how long its link works according to the settings", () => {
  const composeText = (kind: MailKind, language: "en" | "fr", lifetime: string) =>
    compose(
      mail(kind, { language }),
      readSettings({
        [links[kind][0]?.startsWith("/reset") ? "RESET_TOKEN_LIFETIME" : "VERIFY_TOKEN_LIFETIME"]: lifetime,
      }),
    ).text.replaceAll("\u00a0", " ");
  for (const [lifetime, en, fr] of [
    ["1h", "1 hour", "1 heure"],
    ["24h", "1 day", "1 jour"],
    ["12h", "12 hours", "12 heures"],
    ["90m", "90 minutes", "90 minutes"],
    ["61s", "61 seconds", "61 secondes"],
  ] as const) {
    for (const kind of ["invitation", "reset_password", "confirm_email", "confirm_new_email"] as const) {
      assert.match(composeText(kind, "en", lifetime), new RegExp(`expires in ${en}\\.`));
      assert.match(composeText(kind, "fr", lifetime), new RegExp(`expire dans ${fr}\\.`));
    }
  }
});

test("the email about a new device names the browser, the system and the time in UTC, in its language", () => {
  const composeFor = (language: "en" | "fr") => compose(mail("new_device", { language, device: firefox }), settings);
  assert.match(composeFor("en").text, /: Firefox on Windows, on January 2, 2030 at 15:04 UTC\./);
  assert.match(composeFor("fr").text, /\s: Firefox sur Windows, le 2 janvier 2030 à 15:04 UTC\./);
  for (const browser of browsers) {
    for (const system of systems) {
      const device = parseDeviceKind(`${browser}/${system}`);
      assert.ok(compose(mail("new_device", { device }), settings).text.includes(`: ${browser} on ${system}, on `));
    }
  }
});

test("an email about several events says how many there were and when the last one was, in its language", () => {
  const composeFor = (kind: MailKind, language: "en" | "fr", times?: number) => {
    const { subject, text } = compose(
      mail(kind, { language, device: firefox, ...(times !== undefined && { times }) }),
      settings,
    );
    return `${subject}\n${text}`;
  };
  for (const kind of ["password_changed", "new_device", "email_changing"] as const) {
    for (const language of languages) assert.equal(composeFor(kind, language, 1), composeFor(kind, language));
    assert.doesNotMatch(composeFor(kind, "en"), / 1 |times/);
  }
  assert.match(
    composeFor("password_changed", "en", 2),
    /was changed 2 times, most recently on January 2, 2030 at 15:04 UTC\./,
  );
  assert.match(
    composeFor("password_changed", "fr", 60),
    /a été modifié 60 fois, la dernière fois le 2 janvier 2030 à 15:04 UTC\./,
  );
  assert.match(composeFor("new_device", "en", 3), /^New logins to your Example account\n/);
  assert.match(
    composeFor("new_device", "en", 3),
    /3 new devices .* The most recent was Firefox on Windows, on January 2, 2030/,
  );
  assert.match(
    composeFor("new_device", "fr", 3),
    /3 nouveaux appareils .* Le plus récent\u00a0: Firefox sur Windows, le 2 janvier/,
  );
  assert.match(
    composeFor("email_changing", "en", 4),
    /asked 4 times to change its email address, most recently on January 2, 2030/,
  );
  assert.match(
    composeFor("email_changing", "fr", 4),
    /a été demandé 4 fois depuis votre compte Example, la dernière fois le 2 janvier/,
  );
});

test("a device that is not on the list is unknown", () => {
  const unknown = compose(mail("new_device", { device: null }), settings);
  assert.match(unknown.text, /: an unknown device, on /);
  for (const device of [
    "",
    "/",
    "Firefox",
    "Firefox/",
    "/Windows",
    "Firefox/Windows/95",
    "firefox/windows",
    "Windows/Firefox",
    "Firefox /Windows",
    "Firefox/Windows\r\nBcc: eve@example.com",
    "<b>Firefox</b>/Windows",
    "https://eve.example/Windows",
    "constructor/Windows",
    "__proto__/toString",
  ]) {
    assert.deepEqual(compose(mail("new_device", { device: parseDeviceKind(device) }), settings), unknown, device);
  }
  fc.assert(
    fc.property(anyText(), (device) => {
      assert.deepEqual(compose(mail("new_device", { device: parseDeviceKind(device) }), settings), unknown);
    }),
  );
});

// id: token-stays-in-link
test("any token stays within its link", () => {
  fc.assert(
    fc.property(anyText({ minLength: 1 }), fc.constantFrom(...languages), (token, language) => {
      const { subject, text, html } = compose(mail("reset_password", { token, language }), settings);
      const plain = compose(mail("reset_password", { language }), settings);
      const link = `${PUBLIC_URL}/reset?token=${encodeURIComponent(token)}`;
      assert.equal(subject, plain.subject);
      assert.equal(
        text,
        plain.text.replace(`${PUBLIC_URL}/reset?token=T0ken`, () => link),
      );
      const unescaped = html.replaceAll("&#39;", "'");
      const inPlain = plain.html.replaceAll("&#39;", "'").replaceAll(`${PUBLIC_URL}/reset?token=T0ken`, () => link);
      assert.equal(unescaped, inPlain);
      assert.equal(new URL([...findUrls(text)][0] ?? "").searchParams.get("token"), token);
    }),
  );
});

test("an email with a missing or unexpected token is an error", () => {
  for (const kind of ["confirm_email", "invitation", "reset_password", "confirm_new_email"] as const) {
    for (const token of [undefined, ""]) {
      assert.throws(() => compose({ ...mail(kind), token } as Mail, settings), /requires a token$/);
    }
  }
  for (const kind of ["already_registered", "password_changed", "new_device", "email_changing", "test"] as const) {
    assert.throws(() => compose(mail(kind, { token: "T" }), settings), /has no token$/);
  }
});

// id: service-name-escaped
test("the name of the service is escaped in HTML", () => {
  const { subject, text, html } = compose(mail("test"), readSettings({ SERVICE_NAME: `Fish & "Chips" 's` }));
  assert.match(subject, / Fish & "Chips" 's$/);
  assert.match(text, /\nFish & "Chips" 's\n/);
  assert.match(html, /Fish &amp; &quot;Chips&quot; &#39;s/);
  assert.doesNotMatch(html, /& |"Chips"/);
});
