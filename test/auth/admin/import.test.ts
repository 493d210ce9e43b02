import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatAccount, parseAccount } from "../../../src/auth/auth.ts";
import { foreignHashes } from "../../support/foreign-hashes.ts";

const now = Date.UTC(2030, 0, 1);
const hashed_password = foreignHashes["bcrypt 2y"];
const toLine = (fields: object) => JSON.stringify({ email: "bob@example.com", hashed_password, ...fields });

test("a formatted account is parsed unchanged", () => {
  const account = fc.record({
    email: fc.constantFrom("bob@example.com", "o'hara+a@example.co.uk"),
    hashedPassword: fc.constantFrom("!", ...Object.values(foreignHashes)),
    emailVerifiedAt: fc.constantFrom(null, now),
    disabledAt: fc.constantFrom(null, now),
    createdAt: fc.integer({ min: 0, max: now }),
  });
  fc.assert(fc.property(account, (it) => assert.deepEqual(parseAccount(formatAccount(it), now), { ...it })));
});

test("an imported account is enabled and unverified unless its line says otherwise, and its address keeps its spelling", () => {
  const bob = { email: "bob@example.com", hashedPassword: hashed_password, emailVerifiedAt: null, disabledAt: null };
  assert.deepEqual(parseAccount(toLine({ email: " BOB@Example.com " }), now), {
    ...bob,
    email: "BOB@Example.com",
    createdAt: now,
  });
  const fields = { verified: true, disabled: true, created_at: "2026-11-21T10:30:00.123456+01:00" };
  const createdAt = Date.UTC(2026, 10, 21, 9, 30, 0, 123);
  assert.deepEqual(parseAccount(toLine(fields), now), { ...bob, emailVerifiedAt: now, disabledAt: now, createdAt });
});

test("an invalid line is rejected with a reason that quotes no part of the line", () => {
  const refusals: [string, RegExp][] = [
    ["", /not a JSON object/],
    ["{", /not a JSON object/],
    ["null", /not a JSON object/],
    ["[]", /not a JSON object/],
    ['"bob@example.com"', /not a JSON object/],
    [toLine({ email: undefined }), /no email/],
    [toLine({ email: 7 }), /no email/],
    [toLine({ email: ["a@example.com"] }), /no email/],
    [toLine({ email: "mıke@example.com" }), /not a valid address/],
    [toLine({ email: "a@example.com,b@example.com" }), /not a valid address/],
    [toLine({ email: `${"a".repeat(250)}@example.com` }), /not a valid address/],
    [toLine({ hashed_password: undefined }), /no hashed_password/],
    [toLine({ hashed_password: null }), /no hashed_password/],
    [toLine({ hashed_password: "" }), /unsupported format/],
    [toLine({ hashed_password: "secret-in-clear" }), /unsupported format/],
    [toLine({ hashed_password: "!secret" }), /unsupported format/],
    [toLine({ hashed_password: " !" }), /unsupported format/],
    [toLine({ hashed_password: `$2b$31$${"a".repeat(53)}` }), /cost of its hash is out of range/],
    [toLine({ verified: "secret" }), /verified/],
    [toLine({ disabled: 1 }), /disabled/],
    [toLine({ created_at: "secret" }), /created_at/],
    [toLine({ created_at: 1_700_000_000 }), /created_at/],
    [toLine({ created_at: "2026-11-21T10:30:00" }), /created_at/],
    [toLine({ verifed: true }), /field other than/],
    [toLine({ id: 1 }), /field other than/],
    [toLine({ "\u001b[2Jsecret": 1 }), /field other than/],
    [toLine({}).replace("{", '{"email":"secret@example.com",'), /a duplicate field/],
    [toLine({}).replace("{", '{"\\u0065mail":"bob@example.com",'), /a duplicate field/],
    [toLine({ verified: true }).replace("}", ',"verified":false}'), /a duplicate field/],
  ];
  for (const [text, why] of refusals) {
    const said = parseAccount(text, now);
    assert.equal(typeof said, "string", text);
    assert.match(said as string, why, text);
    assert.doesNotMatch(said as string, /secret|example|\p{Cc}/u);
  }
});
