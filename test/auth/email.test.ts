import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isSpellingOf, readEmail, readNewEmail } from "../../src/auth/email.ts";
import { emailKey } from "../../src/email.ts";

test("an address keeps its letter case and loses the spaces around it", () => {
  for (const spelling of ["bob@me.com", " Bob@Me.com\t", "\r\nBOB@ME.COM  "]) {
    assert.equal(readEmail(spelling), spelling.trim());
    assert.ok(isSpellingOf(spelling, "bob@me.com"));
    assert.ok(isSpellingOf("bob@me.com", spelling));
  }
  for (const other of ["bob@me.co", "bo@me.com", "bob@me.com.", "", " "]) assert.ok(!isSpellingOf(other, "bob@me.com"));
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
  for (const address of good) assert.equal(readNewEmail(address, "address"), address);
  for (const address of bad) assert.equal(readNewEmail(address, "address"), null, JSON.stringify(address));
});

test("no address outside of ASCII is let in, however much it looks like one that is", () => {
  // A dotless i, a Kelvin sign that lower-cases to k, full-width letters, a no-break space that trim() would drop.
  for (const address of ["mıke@example.org", "\u212aevin@example.org", "ｂob@example.org", "\u00a0bob@example.org"]) {
    assert.equal(readEmail(address), null, address);
  }
});

test("an address of 250 characters fits, one of 251 does not", () => {
  const labels = `${"b".repeat(60)}.`.repeat(3);
  const at = (length: number) => `${"a".repeat(length - 1 - labels.length - 3)}@${labels}com`;
  for (const read of [readEmail, (text: string) => readNewEmail(text, "address")]) {
    assert.equal(read(at(250))?.length, 250);
    assert.equal(read(at(251)), null);
  }
});

test("reading is idempotent, its result is trimmed ASCII, and every spelling has one key", () => {
  const anything = fc.oneof(
    fc.string({ unit: "grapheme-ascii", maxLength: 260 }),
    fc.string({ unit: "binary" }),
    fc.emailAddress(),
    fc.string().map((s) => ` ${s}@EXAMPLE.com`),
  );
  fc.assert(
    fc.property(anything, (text) => {
      const email = readEmail(text);
      if (email === null) return;
      assert.match(email, /^[\x20-\x7e]{1,250}$/);
      assert.equal(readEmail(email), email);
      assert.match(emailKey(email), /^[\x20-\x40\x5b-\x7e]+$/);
      assert.equal(emailKey(`  ${email.toUpperCase()} `), emailKey(email));
      assert.ok(isSpellingOf(email.toUpperCase(), email));
    }),
    { numRuns: 2000 },
  );
});

test("a text of spaces takes no longer than it is long", () => {
  assert.equal(readEmail(`a${" ".repeat(1_000_000)}b`), null);
});

test("any printable ASCII text of 1 to 250 characters is an address where any may be", () => {
  const texts = [
    "x",
    "bob",
    "a@b@c",
    "x y@z",
    "<script>",
    "a,b@c",
    '"',
    "'",
    "%s",
    "\\",
    "--yes",
    "42",
    "~".repeat(250),
  ];
  for (const text of texts) {
    for (const read of [readEmail, (given: string) => readNewEmail(given, "any")]) {
      assert.equal(read(text), text);
      assert.equal(read(`\t ${text}\r\n`), text);
    }
  }
  for (const text of ["", " ", "x".repeat(251), "a\tb", "a\nb", "a\rb", "a\0b", "a\x1bb", "a\x7fb", "é", "\ud800"]) {
    assert.equal(readEmail(text), null, JSON.stringify(text));
    assert.equal(readNewEmail(text, "any"), null, JSON.stringify(text));
  }
});
