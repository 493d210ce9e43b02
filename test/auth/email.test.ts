import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseNewEmail } from "../../src/auth/email.ts";
import { emailKey, hasInvisibleCharacter, isSameEmail, readEmail } from "../../src/values/email.ts";
import { anyText } from "../support/any-text.ts";

test("an address keeps its letter case, and surrounding spaces are removed", () => {
  for (const spelling of ["bob@me.com", " Bob@Me.com\t", "\r\nBOB@ME.COM  "]) {
    assert.equal(readEmail(spelling), spelling.trim());
    assert.ok(isSameEmail(spelling, "bob@me.com"));
    assert.ok(isSameEmail("bob@me.com", spelling));
  }
  for (const other of ["bob@me.co", "bo@me.com", "bob@me.com.", "", " "]) assert.ok(!isSameEmail(other, "bob@me.com"));
});

// id: html-email-input
test("an address is valid if an HTML email input accepts it", () => {
  const valid = ["a@b", "o'brien+tag@mail.example.com", "a.b-c_d@x-y.z", "!#$%&'*+/=?^_`{|}~-@example.org"];
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
  for (const address of valid) assert.equal(parseNewEmail(address, "address"), address);
  for (const address of bad) assert.equal(parseNewEmail(address, "address"), null, JSON.stringify(address));
});

// id: ascii-only
test("a non-ASCII address is rejected, even if it looks like an ASCII address", () => {
  // A dotless i, a Kelvin sign (lower case k), full-width letters, and a letter with a combining accent.
  for (const address of ["mıke@example.org", "\u212aevin@example.org", "ｂob@example.org", "e\u0301ve@example.org"]) {
    assert.equal(readEmail(address), null, address);
    assert.ok(!hasInvisibleCharacter(address), address);
  }
});

/** Characters that are invisible, or look like a space. */
const invisibleCharacters = [
  ..."\t\n\v\f\r\u0085\u00a0\u00ad\u034f\u061c\u115f\u1680\u180e\u2000\u2009\u200a\u200b\u200c\u200d\u200e\u200f",
  ..."\u2028\u2029\u202a\u202b\u202c\u202d\u202f\u205f\u2060\u2063\u2066\u2067\u2068\u2069\u206f\u2800\u3000\u3164",
  ..."\ufe0f\ufeff\uffa0\u{e0001}\u{e0061}",
];

test("invisible characters around an address are removed, and one inside it is reported", () => {
  for (const character of invisibleCharacters) {
    const name = JSON.stringify(character);
    for (const around of [
      `${character}Bob@example.com`,
      `Bob@example.com${character}`,
      ` ${character}${character} Bob@example.com\t${character}\u200b`,
    ]) {
      assert.equal(readEmail(around), "Bob@example.com", name);
      assert.ok(isSameEmail(around, "bob@example.com"), name);
      assert.ok(!hasInvisibleCharacter(around), name);
    }
    for (const inside of [
      `Bob${character}@example.com`,
      `Bob@example${character}.com`,
      ` B${character}ob@example.com\u00a0`,
    ]) {
      assert.equal(readEmail(inside), null, name);
      assert.ok(!isSameEmail(inside, "bob@example.com"), name);
      assert.ok(hasInvisibleCharacter(inside), name);
    }
  }
  for (const plain of ["bob@example.com", "x y@z", "bób@example.com", "bob\0@example.com", "", " ", "\u200b"])
    assert.ok(!hasInvisibleCharacter(plain), JSON.stringify(plain));
});

test("direction marks that reorder an address are not removed, because the result would not be the address on the screen", () => {
  // Each is displayed from right to left, or with its digits or signs on the other side.
  for (const reordered of [
    "\u202emoc.elpmaxe@ada",
    "\u202emoc.elpmaxe@ada\u202c",
    "\u200b\u202e moc.elpmaxe@ada",
    "\u202b123@example.com",
    "\u2067+tag@example.com\u2069",
    "\u2067bob@example.com!\u2069",
  ]) {
    assert.equal(readEmail(reordered), null, JSON.stringify(reordered));
    assert.ok(hasInvisibleCharacter(reordered), JSON.stringify(reordered));
  }
  assert.equal(readEmail("bob@example.com\u202e"), "bob@example.com");
  assert.equal(readEmail("\u202abob@example.com\u202c"), "bob@example.com");
});

test("an address of 250 characters fits, one of 251 does not", () => {
  const labels = `${"b".repeat(60)}.`.repeat(3);
  const at = (length: number) => `${"a".repeat(length - 1 - labels.length - 3)}@${labels}com`;
  for (const read of [readEmail, (text: string) => parseNewEmail(text, "address")]) {
    assert.equal(read(at(250))?.length, 250);
    assert.equal(read(at(251)), null);
  }
});

test("reading is idempotent, its result is trimmed ASCII, and every spelling has one key", () => {
  const anything = fc.oneof(
    fc.string({ unit: "grapheme-ascii", maxLength: 260 }),
    anyText(),
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
      assert.ok(isSameEmail(email.toUpperCase(), email));
    }),
    { numRuns: 2000 },
  );
});

test("the time to read a string of spaces grows linearly with its length", () => {
  for (const space of [" ", "\u200b", "\u202b"]) {
    assert.equal(readEmail(`a${space.repeat(1_000_000)}b`), null);
    assert.equal(readEmail(`${space.repeat(1_000_000)}b`), "b");
  }
});

test("any printable ASCII string of 1 to 250 characters is an address if EMAIL_FORMAT is any", () => {
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
    for (const read of [readEmail, (text: string) => parseNewEmail(text, "any")]) {
      assert.equal(read(text), text);
      assert.equal(read(`\t ${text}\r\n`), text);
    }
  }
  for (const text of ["", " ", "x".repeat(251), "a\tb", "a\nb", "a\rb", "a\0b", "a\x1bb", "a\x7fb", "é", "\ud800"]) {
    assert.equal(readEmail(text), null, JSON.stringify(text));
    assert.equal(parseNewEmail(text, "any"), null, JSON.stringify(text));
  }
});
