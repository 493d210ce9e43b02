import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toStorableText, truncate } from "../../src/values/storable.ts";
import { anyText } from "../support/any-text.ts";

test("storable text is unchanged, and other values become null", () => {
  for (const text of ["", "Mozilla/5.0", "é", "👩‍👩‍👧", "\n\t\u001b", "👩".repeat(250)])
    assert.equal(toStorableText(text), text);
  for (const value of [undefined, null, 0, 1, {}, [], ["text"], Symbol("text"), new String("text"), () => "text"]) {
    assert.equal(toStorableText(value), null);
  }
});

test("NUL and lone surrogates are replaced, and text is truncated to 250 characters", () => {
  assert.equal(toStorableText("a\0b"), "a\ufffdb");
  assert.equal(toStorableText("a\ud83db"), "a\ufffdb");
  assert.equal(toStorableText("\udc69"), "\ufffd");
  assert.equal(toStorableText("x".repeat(251)), "x".repeat(250));
  assert.equal(toStorableText("x".repeat(1e6)), "x".repeat(250));
  assert.equal(toStorableText(`x${"👩".repeat(250)}`), `x${"👩".repeat(249)}`);
  assert.equal(truncate("👩👩", 1), "👩");
});

test("every database can store the result for any string", () => {
  fc.assert(
    fc.property(anyText({ maxLength: 600 }), fc.string({ maxLength: 300 }), (a, b) => {
      const text = toStorableText(a + b) ?? "";
      assert.ok(text.isWellFormed() && !text.includes("\0") && [...text].length <= 250);
      assert.equal(toStorableText(text), text);
    }),
  );
});
