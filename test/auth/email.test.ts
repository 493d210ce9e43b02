import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { normaliseEmail } from "../../src/auth/email.ts";

test("spaces around an address and its letter case do not make another account", () => {
  for (const spelling of ["bob@me.com", " Bob@Me.com\t", "\r\nBOB@ME.COM  "]) {
    assert.equal(normaliseEmail(spelling), "bob@me.com");
  }
});

test("what an HTML email input accepts is an address, and nothing else is", () => {
  const good = ["a@b", "o'brien+tag@mail.example.com", "a.b-c_d@x-y.z", "!#$%&'*+/=?^_`{|}~-@example.org"];
  const bad = [
    "",
    " ",
    "@",
    "a@",
    "@b",
    "a b@c",
    "a@b c",
    "a@-b",
    "a@b-",
    "a@b..c",
    "a@@b",
    "a@b@c",
    "a@b.",
    "a,b@c",
    "<a@b>",
  ];
  for (const address of good) assert.equal(normaliseEmail(address), address.toLowerCase());
  for (const address of bad) assert.equal(normaliseEmail(address), null, JSON.stringify(address));
});

test("no address outside of ASCII is let in, however much it looks like one that is", () => {
  // A dotless i, a Kelvin sign that lower-cases to k, full-width letters, a no-break space that trim() would drop.
  for (const address of ["mıke@example.org", "\u212aevin@example.org", "ｂob@example.org", "\u00a0bob@example.org"]) {
    assert.equal(normaliseEmail(address), null, address);
  }
});

test("an address of 250 characters fits, one of 251 does not", () => {
  const labels = `${"b".repeat(60)}.`.repeat(3);
  const at = (length: number) => `${"a".repeat(length - 1 - labels.length - 3)}@${labels}com`;
  assert.equal(normaliseEmail(at(250))?.length, 250);
  assert.equal(normaliseEmail(at(251)), null);
});

test("normalising is idempotent, and its result is trimmed lower-case ASCII", () => {
  const anything = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.emailAddress(),
    fc.string().map((s) => ` ${s}@EXAMPLE.com`),
  );
  fc.assert(
    fc.property(anything, (text) => {
      const email = normaliseEmail(text);
      if (email === null) return;
      assert.match(email, /^[\x21-\x40\x5b-\x7e]+$/);
      assert.equal(normaliseEmail(email), email);
      assert.equal(normaliseEmail(`  ${email.toUpperCase()} `), email);
    }),
    { numRuns: 2000 },
  );
});

test("a text of spaces takes no longer than it is long", () => {
  assert.equal(normaliseEmail(`a${" ".repeat(1_000_000)}b`), null);
});
