import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { home, resolveReturnTo } from "../../../src/pages/kit/return-to.ts";
import { anyText } from "../../support/any-text.ts";

const origins = ["https://app.example.com", "http://localhost:3000"];
const here = "https://auth.example.com";

test("paths of this host and addresses at the allowed origins are gone to", () => {
  for (const [wanted, gone] of Object.entries({
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
    assert.equal(resolveReturnTo(wanted, origins), gone, wanted);
  }
});

// id: others-lead-home
test("everything else leads home", () => {
  for (const wanted of [
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
    assert.equal(resolveReturnTo(wanted, origins), home, wanted);
    assert.equal(resolveReturnTo(wanted, origins, "/login"), "/login", wanted);
  }
  assert.equal(resolveReturnTo("https://app.example.com", []), home);
});

// id: allowed-origins-only
test("whatever is asked for, a browser stays here or ends at an allowed origin, and a header can hold it", () => {
  const piece = fc.constantFrom(
    ...["/", "//", "\\", ".", "..", "%2e", "%2f", "%5c", "@", ":", "?", "#", "a", "https:", "javascript:", "\t", "\n"],
    ...["evil.example", "app.example.com", "https://app.example.com", "[::1]", "\u202e", "\u3002", "é", "\0", " "],
  );
  const wanted = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
    fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join("")}`),
    anyText(),
    fc
      .tuple(fc.constantFrom("http://", "https://"), fc.domain(), fc.constantFrom("", "/", "?", "#"), anyText())
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(wanted, (text) => {
      const gone = resolveReturnTo(text, origins);
      assert.match(gone, /^[\x21-\x7e]+$/);
      assert.ok(!gone.includes("\\"));
      const { origin, username, password } = new URL(gone, `${here}/login`);
      assert.ok([here, ...origins].includes(origin), gone);
      assert.equal(username + password, "");
      // Once more, as it goes through a form.
      assert.equal(resolveReturnTo(gone, origins), gone);
    }),
    { numRuns: 5000 },
  );
});
