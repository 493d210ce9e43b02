import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { home, resolveReturnTo } from "../../../src/pages/kit/return-to.ts";
import { anyText } from "../../support/any-text.ts";

const origins = ["https://app.example.com", "http://localhost:3000"];
const here = "https://auth.example.com";

test("paths of this host and URLs at allowed origins are valid", () => {
  for (const [returnTo, location] of Object.entries({
    "/": "/",
    "/app?a=b&c=//d#e": "/app?a=b&c=//d#e",
    "/a/../b": "/b",
    "/a//b": "/a//b",
    "/é": "/%C3%A9",
    "/%0d%0aSet-Cookie:a": "/%0d%0aSet-Cookie:a",
    "/\u202etxt": "/%E2%80%AEtxt",
    "https://app.example.com": "https://app.example.com/",
    "https://app.example.com:443/a?b#c": "https://app.example.com/a?b#c",
    "HTTPS://APP.EXAMPLE.COM/": "https://app.example.com/",
    "http://localhost:3000/x": "http://localhost:3000/x",
    "/?next=https://evil.example": "/?next=https://evil.example",
  })) {
    assert.equal(resolveReturnTo(returnTo, origins), location, returnTo);
  }
});

// id: others-lead-home
test("everything else returns the fallback", () => {
  for (const returnTo of [
    undefined,
    "",
    "account",
    "?a",
    "#a",
    "//evil.example",
    "///evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/a/..//evil.example",
    "/%2e//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\tevil",
    "/\t/evil.example",
    "\t//evil.example",
    " /a",
    "/a b",
    "/\u0000",
    "/\u007f",
    "/a\r\nSet-Cookie: a=b",
    "https:app.example.com",
    "https:/app.example.com",
    "https:///app.example.com",
    "https://app.example.com@evil.example",
    "https://user@app.example.com",
    "https://user:password@app.example.com/",
    "https://:password@app.example.com/",
    "https://app.example.com.evil.example",
    "https://app.example.com:444",
    "http://app.example.com",
    "https://localhost:3000",
    "https://evil.example/https://app.example.com",
    "javascript:alert(1)",
    "data:text/html,a",
    "ftp://app.example.com",
    "blob:https://app.example.com/a",
    "https://",
    `/${"a".repeat(2000)}`,
  ]) {
    assert.equal(resolveReturnTo(returnTo, origins), home, returnTo);
    assert.equal(resolveReturnTo(returnTo, origins, "/login"), "/login", returnTo);
  }
  assert.equal(resolveReturnTo("https://app.example.com", []), home);
});

// id: allowed-origins-only
test("any input results in a URL of this host or an allowed origin that fits in a header", () => {
  const piece = fc.constantFrom(
    ...["/", "//", "\\", ".", "..", "%2e", "%2f", "%5c", "@", ":", "?", "#", "a", "https:", "javascript:", "\t", "\n"],
    ...["evil.example", "app.example.com", "https://app.example.com", "[::1]", "\u202e", "\u3002", "é", "\0", " "],
  );
  const returnTo = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
    fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join("")}`),
    anyText(),
    fc
      .tuple(fc.constantFrom("http://", "https://"), fc.domain(), fc.constantFrom("", "/", "?", "#"), anyText())
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(returnTo, (text) => {
      const location = resolveReturnTo(text, origins);
      assert.match(location, /^[\x21-\x7e]+$/);
      assert.ok(!location.includes("\\"));
      const { origin, username, password } = new URL(location, `${here}/login`);
      assert.ok([here, ...origins].includes(origin), location);
      assert.equal(username + password, "");
      // A form submits the result again, so it must stay the same.
      assert.equal(resolveReturnTo(location, origins), location);
    }),
    { numRuns: 5000 },
  );
});
