import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createCookies, readCookie, readCookies } from "../../src/http/cookies.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { anyText } from "../support/any-text.ts";

const name = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/);
/** A value by RFC 6265: no control characters, spaces, quotes, commas, semicolons or backslashes. */
const value = fc.stringMatching(/^[!#-+\--:<-[\]-~]{1,50}$/);
const space = fc.constantFrom("", " ", "  ", "\t");

test("readCookie returns part of the header or null, for any header", () => {
  const pieces = fc.constantFrom("session_id", "=", ";", '"', " ", "\t", ",", "a", "é", "\0", "__proto__", "\u2028");
  const header = fc.oneof(
    anyText(),
    fc.array(pieces).map((some) => some.join("")),
  );
  fc.assert(
    fc.property(header, (text) => {
      const found = readCookie(text, "session_id");
      assert.ok(found === null || (found !== "" && text.includes(found) && !found.includes(";")));
    }),
    { numRuns: 2000 },
  );
});

test("readCookie finds the first cookie of a name, with or without quotes, between other cookies and spaces", () => {
  const pair = fc.record({ name, value, quoted: fc.boolean(), before: space, after: space });
  fc.assert(
    fc.property(fc.array(pair, { minLength: 1 }), name, (pairs, absent) => {
      const written = pairs.map((each) => {
        const text = each.quoted ? `"${each.value}"` : each.value;
        return `${each.before}${each.name}=${text}${each.after}`;
      });
      for (const searched of [...pairs.map((each) => each.name), absent]) {
        const first = pairs.find((each) => each.name === searched);
        assert.equal(readCookie(written.join(";"), searched), first?.value ?? null);
        const all = new Set(pairs.filter((each) => each.name === searched).map((each) => each.value));
        assert.deepEqual(readCookies(written.join(";"), searched), [...all].slice(0, 5));
      }
    }),
    { numRuns: 1000 },
  );
});

test("malformed pairs are skipped, and a value can contain an equals sign", () => {
  for (const [header, found] of [
    ["session_id", null],
    ["session_id; session_id=a", "a"],
    ["; ; =; session_id=a", "a"],
    ["=session_id=a", null],
    ["session_id=a=b==", "a=b=="],
    ["session_id = a ", "a"],
    ['session_id="a', '"a'],
    ['session_id="', '"'],
    ['session_id="a;b"', '"a'],
    ["Session_id=a", null],
    ["session_id=", null],
    ['session_id=""', null],
    ["session_id=; session_id=a", null],
    ["", null],
  ] as const) {
    assert.equal(readCookie(header, "session_id"), found, header);
  }
  assert.equal(readCookie(undefined, "session_id"), null);
  assert.equal(readCookie(null, "session_id"), null);
});

test("a header of many cookies is read in one pass", () => {
  const header = ";".repeat(10_000_000);
  assert.equal(readCookie(`${header}session_id=a`, "session_id"), "a");
});

test("a cookie that was set can be read from the Cookie header", () => {
  const cookie = createCookies(readSettings({ COOKIE_NAME: "sid", SESSION_LIFETIME: "7d" })).session;
  const [sent = ""] = cookie.set("0d5b1a5e").split(";");
  assert.equal(readCookie(`theme=dark; ${sent}`, "sid"), "0d5b1a5e");
  assert.equal(cookie.set("x"), "sid=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800");
  assert.equal(cookie.clear, "sid=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
});

const https = { PUBLIC_URL: "https://auth.example.com", SESSION_LIFETIME: "7d" };
for (const [environment, start, attributes] of [
  [{ NODE_ENV: "production" }, "__Host-session_id", "Path=/; HttpOnly; SameSite=Lax; Secure"],
  [
    { NODE_ENV: "production", COOKIE_DOMAIN: "example.com" },
    "__Secure-session_id",
    "Path=/; HttpOnly; SameSite=Lax; Domain=example.com; Secure",
  ],
  [{ COOKIE_DOMAIN: "example.com" }, "session_id", "Path=/; HttpOnly; SameSite=Lax; Domain=example.com; Secure"],
] as const) {
  // id: cookie-attributes
  test(`with ${JSON.stringify(environment)} the cookie is ${start}, with the same attributes when it is set and cleared`, () => {
    const required = {
      SMTP_URL: "smtp://mail.example.com",
      MAIL_FROM: "no-reply@example.com",
      TRUSTED_PROXIES: "none",
    };
    const cookie = createCookies(readSettings({ ...required, ...https, ...environment })).session;
    assert.equal(cookie.set("x"), `${start}=x; ${attributes}; Max-Age=604800`);
    assert.equal(cookie.clear, `${start}=; ${attributes}; Max-Age=0`);
  });
}
